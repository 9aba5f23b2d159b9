# For hook scripts in any POSIX shell: what the hook answers.
#
#     . stagehook.sh
#
#     stagehook_annotate warning loudness "-9 LUFS"
#     stagehook_metric lufs -9
#     stagehook_pass "measured"
#
# stagehook_pass, _fail, _skip, _review and _retry_later write the result and
# end the script. A script that ends without any of them passes or fails by its
# exit status alone, and what it said before is written by stagehook_write.
# Any bytes may be given: they are escaped, and what is no UTF-8 becomes U+FFFD.

_stagehook_annotations=
_stagehook_artifacts=
_stagehook_metadata=
_stagehook_metrics=

# stagehook_annotate LEVEL CODE MESSAGE [PATH [START_MS END_MS]]
# LEVEL is info, warning or error; CODE and PATH may be empty.
stagehook_annotate() {
  case $1 in
    info | warning | error) ;;
    *) _stagehook_refuse "stagehook_annotate: the level must be info, warning or error, not '$1'" ;;
  esac
  _stagehook_item="{\"level\":\"$1\",\"message\":$(_stagehook_json "${3-}")"
  [ -z "${2-}" ] || _stagehook_item="$_stagehook_item,\"code\":$(_stagehook_json "$2")"
  [ -z "${4-}" ] || _stagehook_item="$_stagehook_item,\"path\":$(_stagehook_json "$4")"
  for _stagehook_ms in start_ms:"${5-}" end_ms:"${6-}"; do
    case ${_stagehook_ms#*:} in
      '') ;;
      *[!0-9]* | 0?*) _stagehook_refuse "stagehook_annotate: ${_stagehook_ms%%:*} must be a whole number of milliseconds" ;;
      *) _stagehook_item="$_stagehook_item,\"${_stagehook_ms%%:*}\":${_stagehook_ms#*:}" ;;
    esac
  done
  _stagehook_annotations="$_stagehook_annotations${_stagehook_annotations:+,}$_stagehook_item}"
}

# stagehook_artifact PATH [MIME]: a file that the hook made
stagehook_artifact() {
  _stagehook_item="{\"path\":$(_stagehook_json "$1")"
  [ -z "${2-}" ] || _stagehook_item="$_stagehook_item,\"mime\":$(_stagehook_json "$2")"
  _stagehook_artifacts="$_stagehook_artifacts${_stagehook_artifacts:+,}$_stagehook_item}"
}

# stagehook_metadata KEY VALUE: sets a key of the metadata to a text
stagehook_metadata() {
  _stagehook_metadata="$_stagehook_metadata${_stagehook_metadata:+,}$(_stagehook_json "$1"):$(_stagehook_json "$2")"
}

# stagehook_metadata_json KEY JSON: sets a key of the metadata to a value that is
# JSON already, such as what jq has written; null removes the key
stagehook_metadata_json() {
  _stagehook_metadata="$_stagehook_metadata${_stagehook_metadata:+,}$(_stagehook_json "$1"):$2"
}

# stagehook_metric NAME NUMBER: a measurement
stagehook_metric() {
  printf '%s' "$2" | LC_ALL=C awk '
    { number = $0; lines++ }
    END { exit !(lines == 1 && number ~ /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/) }
  ' || _stagehook_refuse "stagehook_metric: '$2' is no number"
  _stagehook_metrics="$_stagehook_metrics${_stagehook_metrics:+,}$(_stagehook_json "$1"):$2"
}

# stagehook_pass [MESSAGE]: all is well
stagehook_pass() { stagehook_write pass "$@" && exit 0; exit 1; }
# stagehook_fail [MESSAGE]: something is wrong
stagehook_fail() { stagehook_write fail "$@" && exit 0; exit 1; }
# stagehook_skip [MESSAGE]: the hook does not apply
stagehook_skip() { stagehook_write skip "$@" && exit 0; exit 1; }
# stagehook_review [MESSAGE]: a person should look
stagehook_review() { stagehook_write needs_review "$@" && exit 0; exit 1; }
# stagehook_retry_later [MESSAGE]: it did not work, and another attempt may help
stagehook_retry_later() { stagehook_write fail "$@"; exit 75; }

# stagehook_write STATUS [MESSAGE]: writes the result and goes on; STATUS is pass,
# fail, skip or needs_review
stagehook_write() {
  case $1 in
    pass | fail | skip | needs_review) ;;
    *) _stagehook_refuse "stagehook_write: the status must be pass, fail, skip or needs_review, not '$1'" ;;
  esac
  {
    printf '{"status":"%s"' "$1"
    [ -z "${2-}" ] || printf ',"message":%s' "$(_stagehook_json "$2")"
    [ -z "$_stagehook_annotations" ] || printf ',"annotations":[%s]' "$_stagehook_annotations"
    [ -z "$_stagehook_artifacts" ] || printf ',"artifacts":[%s]' "$_stagehook_artifacts"
    [ -z "$_stagehook_metadata" ] || printf ',"metadata":{%s}' "$_stagehook_metadata"
    [ -z "$_stagehook_metrics" ] || printf ',"metrics":{%s}' "$_stagehook_metrics"
    printf '}'
  } > "$STAGEHOOK_RESULT_FILE.new" && mv -f "$STAGEHOOK_RESULT_FILE.new" "$STAGEHOOK_RESULT_FILE"
}

# A text as JSON. Runs in a subshell of its own.
_stagehook_json() {
  LC_ALL=C
  case $1 in
    *[!\ !#-\[\]-~]*) ;;
    *) printf '"%s"' "$1"; return ;;
  esac
  printf '%s' "$1" | od -An -v -tu1 | awk '
    function put(point) {
      if (point == 34 || point == 92) printf "\\%c", point
      else if (point >= 32 && point < 127) printf "%c", point
      else if (point < 65536) printf "\\u%04x", point
      else {
        point -= 65536
        printf "\\u%04x\\u%04x", 55296 + int(point / 1024), 56320 + point % 1024
      }
    }
    # Of UTF-8: how many bytes are to come, and which the next one may be.
    function take(byte) {
      if (need > 0) {
        if (byte >= low && byte <= high) {
          low = 128; high = 191; point = point * 64 + byte % 64
          if (--need == 0) put(point)
          return
        }
        put(65533)
        need = 0
      }
      low = 128; high = 191
      if (byte < 128) put(byte)
      else if (byte >= 194 && byte <= 223) { need = 1; point = byte % 32 }
      else if (byte >= 224 && byte <= 239) { need = 2; point = byte % 16 }
      else if (byte >= 240 && byte <= 244) { need = 3; point = byte % 8 }
      else put(65533)
      if (byte == 224) low = 160
      if (byte == 237) high = 159
      if (byte == 240) low = 144
      if (byte == 244) high = 143
    }
    BEGIN { need = 0; printf "\"" }
    { for (i = 1; i <= NF; i++) take($i + 0) }
    END { if (need > 0) put(65533); printf "\"" }
  '
}

_stagehook_refuse() {
  printf '%s\n' "$1" >&2
  exit 1
}
