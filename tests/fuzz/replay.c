/*
 * replay DIRECTORY: the main of a fuzz target that is built without a fuzzer.
 * Gives the target every file of a corpus, in a copy of just its size, so that a sanitizer sees
 * a read past its end. Prints TAP, as the unit tests do; the last name before a crash is the one
 * that crashed it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) != 0) {
        perror(path);
        return 1;
    }
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size);
    int failed = !data || fread(data, 1, size, file) != size;
    if (failed)
        fprintf(stderr, "%s: cannot be read\n", path);
    else
        (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    fclose(file);
    return failed;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int count = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : -1;
    if (count < 1) {
        fprintf(stderr, "usage: %s DIRECTORY, with a file in it\n", argv[0]);
        return 1;
    }
    int failed = 0;
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        printf("# %s\n", path);
        fflush(stdout);
        int one = replay(path);
        printf("%s %d - %s\n", one ? "not ok" : "ok", i + 1, entries[i]->d_name);
        failed |= one;
        free(entries[i]);
    }
    free(entries);
    return failed;
}
