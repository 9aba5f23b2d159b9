/** How hooks are dragged: up and down, among those of the same trigger and scope. */
import {
  type Announcements,
  closestCenter,
  type CollisionDetection,
  type KeyboardCoordinateGetter,
  type Modifier,
} from "@dnd-kit/core";
import type { Block } from "./groups";

export const upAndDown: Modifier = ({ transform }) => ({ ...transform, x: 0 });

const blockOf = (data: unknown): Block | undefined => (data as { block?: Block })?.block;
const nameOf = (data: unknown): string => (data as { name?: string })?.name ?? "the hook";

export const withinBlock: CollisionDetection = (args) => {
  const key = blockOf(args.active.data.current)?.key;
  return closestCenter({
    ...args,
    droppableContainers: args.droppableContainers.filter(
      ({ data }) => blockOf(data.current)?.key === key,
    ),
  });
};

/** The arrow keys go to the next place, and not beyond the first and the last. */
export const nextPlace: KeyboardCoordinateGetter = (event, { context }) => {
  const step = event.code === "ArrowDown" ? 1 : event.code === "ArrowUp" ? -1 : 0;
  const block = blockOf(context.active?.data.current);
  if (step === 0 || !block) return undefined;
  event.preventDefault();
  const at = block.hooks.findIndex(({ id }) => id === (context.over?.id ?? context.active?.id));
  const target = block.hooks[at + step];
  const rect = target && context.droppableRects.get(target.id);
  return rect ? { x: rect.left, y: rect.top } : undefined;
};

const place = (data: unknown, id: unknown): string => {
  const hooks = blockOf(data)?.hooks ?? [];
  return `place ${hooks.findIndex((hook) => hook.id === id) + 1} of ${hooks.length}`;
};

export const announcements: Announcements = {
  onDragStart: ({ active }) =>
    `Picked up ${nameOf(active.data.current)}, ${place(active.data.current, active.id)}.`,
  onDragOver: ({ active, over }) =>
    over ? `${nameOf(active.data.current)}: ${place(active.data.current, over.id)}.` : undefined,
  onDragEnd: ({ active, over }) =>
    over
      ? `${nameOf(active.data.current)} was put at ${place(active.data.current, over.id)}.`
      : `${nameOf(active.data.current)} was put back.`,
  onDragCancel: ({ active }) => `${nameOf(active.data.current)} was put back.`,
};

export const instructions = {
  draggable:
    "Press Space to pick the hook up, the up and down arrows to move it, Space again to put it down, Escape to leave it where it was.",
};
