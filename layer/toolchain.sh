#!/bin/sh
# toolchain.sh ARCHITECTURE DIRECTORY: a C compiler for static, position-independent musl programs, as Debian's
# musl-gcc is one for dynamic ones: gcc with a specs file. Into DIRECTORY: musl-cc, ar, ranlib, strip, and the kernel's
# headers without the C library's that stand beside them.
set -eu

case $1 in
x86_64) triple=x86_64-linux kernel=/usr/include asm=/usr/include/x86_64-linux-gnu/asm ;;
arm64) triple=aarch64-linux kernel=/usr/aarch64-linux-gnu/include asm=/usr/aarch64-linux-gnu/include/asm ;;
*) echo "toolchain.sh: no architecture '$1'" >&2 && exit 2 ;;
esac

rm -rf "$2"
mkdir -p "$2/include"
ln -s "$kernel/linux" "$kernel/asm-generic" "$asm" "$2/include/"
for tool in ar ranlib strip; do
    ln -s "/usr/bin/$triple-gnu-$tool" "$2/$tool"
done

libraries=/usr/lib/$triple-musl
cat >"$2/specs" <<TEXT
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem /usr/include/$triple-musl -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem /usr/include/$triple-musl -isystem include%s

*link_libgcc:
-L$libraries -L .%s

*libgcc:
libgcc.a%s %:if-exists(libgcc_eh.a%s)

*startfile:
$libraries/rcrt1.o $libraries/crti.o crtbeginS.o%s

*endfile:
crtendS.o%s $libraries/crtn.o

*link:
-nostdlib -static -pie --no-dynamic-linker -z text

TEXT

# Called by its path, or found in PATH. The folder of the build leaves no trace in what is built.
cat >"$2/musl-cc" <<TEXT
#!/bin/sh
exec $triple-gnu-gcc -specs="\${0%/*}/specs" -isystem "\${0%/*}/include" -ffile-prefix-map="\$PWD"=. "\$@"
TEXT
chmod 755 "$2/musl-cc"
