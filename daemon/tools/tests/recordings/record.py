#!/usr/bin/env python3
"""Records what programs write in a terminal of 80x24, and what pyte shows of it.

    pip install pyte==0.8.2        # it makes one character of those that combine where it can
    python3 record.py NAME...      records anew; needs vim, less, git, htop, vttest
    python3 record.py --show       writes NAME.txt of every NAME.out again

A recording is NAME.out, the bytes, and NAME.txt, the screen as pyte, an emulator of another family,
shows it: the tests hold our screen against it.
"""
import fcntl, os, pathlib, pty, select, struct, sys, termios, time
import pyte

HERE = pathlib.Path(__file__).parent
COLUMNS, ROWS = 80, 24
# Named from here: a recording holds what the programs say, and that is to be the same everywhere.
TEXT = "text.in"

# A name, the program, and the keys that are pressed, each when it has been quiet for a moment.
PROGRAMS = {
    "vim": (["vim", "-u", "NONE", "-N", "-c", "set number hlsearch laststatus=2", "-n", TEXT],
            ["/fox\r", "5j", "dd", "ihello wörld 日本\x1b", ":sp\r", "\x04"]),
    "less": (["less", TEXT], [" ", "/fox\r", "b", "10g"]),
    "git": (["git", "-c", "color.ui=always", "-c", "core.pager=less -R", "log", "--graph", "--oneline", "-60"], [" ", "b"]),
    "htop": (["sh", "-c", "sleep 1000 & exec htop -d 100 -p $!"], ["\x1b[B", "\x1b[B"]),
    "progress": (["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do printf '\\r\\033[K[%-10s] %3d%%' $(printf '#%.0s' $(seq $i)) $((i*10)); sleep 0.02; done; echo; echo done"], []),
    "wide": (["cat", "wide.in"], []),
    "vttest_1": (["vttest", "24x80.132"], ["1\r", "\r", "\r", "\r", "\r"]),
    "vttest_1_wrap": (["vttest", "24x80.132"], ["1\r", "\r", "\r"]),
    "vttest_2_scroll": (["vttest", "24x80.132"], ["2\r", "\r", "\r", "\r", "\r", "\r", "\r", "\r"]),
    "vttest_2_tabs": (["vttest", "24x80.132"], ["2\r", "\r"]),
    "vttest_2_origin": (["vttest", "24x80.132"], ["2\r"] + 10 * ["\r"]),
    "vttest_2_rendition": (["vttest", "24x80.132"], ["2\r"] + 12 * ["\r"]),
    "vttest_2_cursor": (["vttest", "24x80.132"], ["2\r"] + 14 * ["\r"]),
    "vttest_8": (["vttest", "24x80.132"], ["8\r", "\r", "\r", "\r"]),
}


def record(words, keys):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8", LESS="")
        os.execvp(words[0], words)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    out, keys = b"", list(keys)
    while True:
        ready, _, _ = select.select([terminal], [], [], 0.5)
        if ready:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            out += piece
            if b"\x1b[c" in piece or b"\x1b[0c" in piece:
                os.write(terminal, b"\x1b[?6c")
            if b"\x1b[>c" in piece:
                os.write(terminal, b"\x1b[>0;0;0c")
        elif keys:
            os.write(terminal, keys.pop(0).encode())
        else:
            break
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return out


class Screen(pyte.Screen):
    """pyte takes `CSI > … m`, which sets how keys are told, for a change of colours."""

    def select_graphic_rendition(self, *attributes, private=False):
        if not private:
            super().select_graphic_rendition(*attributes)


def show(out):
    screen = Screen(COLUMNS, ROWS)
    pyte.ByteStream(screen).feed(out)
    return "".join(line.rstrip() + "\n" for line in screen.display)


os.chdir(HERE)
names = sys.argv[1:]
for name in [] if names == ["--show"] else names or PROGRAMS:
    (HERE / f"{name}.out").write_bytes(record(*PROGRAMS[name]))
# What pyte shows wrongly: vttest says itself what is right, and the tests hold our screen against that.
WRONG = {"vttest_2_cursor", "vttest_8"}
for out in sorted(HERE.glob("*.out")):
    if out.stem not in WRONG:
        out.with_suffix(".txt").write_text(show(out.read_bytes()))
