#include "extension/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extension/lifecycle.h"
#include "proxy/permissions/policy.h"
#include "proxy/permissions/record_line.h"

static const char usage[] =
    "usage: countersign policy [--format=iam|serverless|sam|cdk|terraform] FILE...\n\n"
    "Merges the records that COUNTERSIGN_POLICY=log printed into one policy. FILE: an export of "
    "the logs, - for standard input; lines that hold no record are skipped.\n";

/* Adds the records of one file; how many there were, or -1 after a line that says what is wrong. */
static long read_records(const char *path, struct recorder *recorder)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *line = NULL;
    size_t bytes = 0;
    long records = 0, number = 0;
    ssize_t length = 0;
    if (!file) {
        perror(path);
        return -1;
    }
    while ((length = getline(&line, &bytes, file)) >= 0) {
        number++;
        enum record_line kind = record_line_read((struct span){line, (size_t)length}, recorder);
        records += kind == RECORD_READ;
        if (kind == RECORD_BROKEN)
            (void)fprintf(stderr, "%s:%ld: a record that is cut or not countersign's; skipped\n",
                path, number);
    }
    if (ferror(file)) {
        perror(path);
        records = -1;
    }
    free(line);
    (void)fclose(file);
    return records;
}

/* Writes into as much memory as it takes. */
static int print_policy(const struct recorder *recorder, enum policy_format format)
{
    enum { FIRST_BYTES = 1 << 18, MOST_BYTES = 1 << 26 };
    struct policy *policy = policy_create(recorder);
    bool printed = false;
    for (size_t bytes = FIRST_BYTES; policy && !printed && bytes <= MOST_BYTES; bytes *= 2) {
        char *memory = malloc(bytes);
        struct buf out = buf_over(memory, memory ? bytes : 0);
        policy_write(policy, format, &out);
        printed = !out.failed && fwrite(out.at, 1, out.len, stdout) == out.len;
        free(memory);
    }
    policy_destroy(policy);
    return printed && fflush(stdout) == 0 ? EXIT_CLEAN : EXIT_RUN_TIME;
}

static bool take_format(int count, char **arguments, int *first, enum policy_format *format)
{
    struct span option = count > 2 ? span_of(arguments[2]) : SPAN("");
    *first = 2;
    *format = POLICY_IAM;
    if (!span_starts(option, SPAN("--")))
        return true;
    *first = 3;
    struct span name = SPAN("--format=");
    return span_starts(option, name) && policy_format_of(span_from(option, name.len), format);
}

static int run_policy(int count, char **arguments)
{
    enum policy_format format;
    int first, status = EXIT_CLEAN;
    long records = 0;
    if (!take_format(count, arguments, &first, &format) || first >= count) {
        (void)fputs(usage, stderr);
        return EXIT_CONFIGURATION;
    }
    struct recorder *recorder = recorder_create(RECORDER_MAX_BYTES);
    for (int i = first; recorder && i < count && records >= 0; i++) {
        long more = read_records(arguments[i], recorder);
        records = more < 0 ? more : records + more;
    }
    if (records == 0)
        (void)fputs("There is no record in it: set COUNTERSIGN_POLICY=log, and let an environment "
                    "of the function end.\n",
            stderr);
    status = recorder && records > 0 ? print_policy(recorder, format) : EXIT_RUN_TIME;
    recorder_destroy(recorder);
    return status;
}

bool commands_run(int count, char **arguments, int *status)
{
    if (count < 2 || strcmp(arguments[1], "policy") != 0)
        return false;
    *status = run_policy(count, arguments);
    return true;
}
