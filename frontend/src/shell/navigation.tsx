import {
  ActionIcon,
  Badge,
  Group,
  Kbd,
  Menu,
  NavLink,
  ScrollArea,
  Stack,
  Text,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import {
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { NavLink as RouterLink, useLocation, useNavigate } from "react-router";
import { api } from "@/api/client";
import { signOut, useSession } from "@/api/session";
import { openDialog } from "@/keys/dialogs";
import { Logo } from "./logo";
import classes from "./navigation.module.css";
import { PAGES } from "./pages";

export function Navigation() {
  const { pathname } = useLocation();
  const waiting = api.useQuery("get", "/api/v1/overview").data?.attention;
  const counts: Record<string, number | undefined> = {
    "/jobs": waiting?.jobs_to_review.count,
    "/hooks": waiting?.paused_hooks.count,
    "/deliveries": waiting?.exhausted_deliveries.count,
  };
  const says: Record<string, string> = {
    "/jobs": "to review",
    "/hooks": "paused",
    "/deliveries": "given up",
  };
  return (
    <Stack h="100%" gap={0}>
      <Group px="md" h={60} visibleFrom="sm">
        <Logo />
      </Group>
      <UnstyledButton className={classes.search} onClick={() => openDialog("palette")}>
        <IconSearch size={15} aria-hidden />
        <Text component="span" fz="sm" flex={1}>
          Search or go to
        </Text>
        <Kbd size="xs">Ctrl K</Kbd>
      </UnstyledButton>
      <ScrollArea flex={1} px="xs" type="auto">
        <nav aria-label="Pages">
          {PAGES.map(({ to, label, icon: Icon }) => {
            const count = counts[to];
            return (
              <NavLink
                key={to}
                component={RouterLink}
                to={to}
                end={to === "/"}
                label={label}
                active={
                  to === "/" ? pathname === "/" : pathname === to || pathname.startsWith(`${to}/`)
                }
                leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
                rightSection={
                  count ? (
                    <Tooltip label={`${count} ${says[to]}`}>
                      <Badge
                        size="sm"
                        color="red"
                        variant="light"
                        aria-label={`${count} ${says[to]}`}
                      >
                        {count > 99 ? "99+" : count}
                      </Badge>
                    </Tooltip>
                  ) : undefined
                }
                className={classes.link}
              />
            );
          })}
        </nav>
      </ScrollArea>
      <Account />
    </Stack>
  );
}

function Account() {
  const session = useSession().data;
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <Group className={classes.account} gap={6} wrap="nowrap">
      <Menu position="top-start" width={220}>
        <Menu.Target>
          <UnstyledButton className={classes.user} aria-label="Account">
            <IconUser size={18} stroke={1.7} aria-hidden />
            <div className={classes.name}>
              <Text fz="sm" fw={560} truncate>
                {session?.name}
              </Text>
              <Text fz="xs" c="dimmed" truncate>
                {session?.role}
              </Text>
            </div>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            Stagehook {session?.server.version}, confinement: {session?.server.confinement}
          </Menu.Label>
          <Menu.Item
            leftSection={<IconKeyboard size={16} />}
            rightSection={<Kbd size="xs">?</Kbd>}
            onClick={() => openDialog("keys")}
          >
            Keys
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLogout size={16} />}
            onClick={async () => {
              await signOut();
              await navigate("/sign-in");
            }}
          >
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Tooltip label={`Turn ${other}`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          onClick={() => setColorScheme(other)}
          aria-label={`Turn ${other}`}
        >
          {scheme === "dark" ? <IconSun size={18} /> : <IconMoon size={18} />}
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
