/*
 * musl's start code for static programs applies the relocations and leaves the memory that they
 * were written to open; a dynamic loader would close it (PT_GNU_RELRO). This does, before main.
 */
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* The file's first bytes in memory; the linker defines it. */
extern ElfW(Ehdr) file_start __asm__("__ehdr_start") __attribute__((visibility("hidden")));

__attribute__((constructor)) static void close_relocated(void)
{
    char *base = (char *)&file_start;
    const ElfW(Phdr) *headers = (const void *)(base + file_start.e_phoff);
    uintptr_t page = getauxval(AT_PAGESZ);
    for (size_t i = 0; i < file_start.e_phnum; i++) {
        if (headers[i].p_type != PT_GNU_RELRO)
            continue;
        uintptr_t start = headers[i].p_vaddr & -page;
        uintptr_t end = (headers[i].p_vaddr + headers[i].p_memsz) & -page;
        if (mprotect(base + start, end - start, PROT_READ) != 0)
            __builtin_trap();
    }
}
