#include "extension/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extension/lifecycle.h"
#include "proxy/permissions/policy.h"
#include "proxy/permissions/record_line.h"
#include "proxy/permissions/unused.h"

static const char usage[] =
    "usage: countersign policy [--format=iam|serverless|sam|cdk|terraform] FILE...\n"
    "       countersign unused ROLE-POLICY.json FILE...\n\n"
    "policy merges the records that COUNTERSIGN_POLICY=log printed into one policy. unused says "
    "what "
    "a role's policy grants and these records never used.\nFILE: an export of the logs, - for "
    "standard input; lines that hold no record are skipped.\n";

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
    while (records >= 0 && (length = getline(&line, &bytes, file)) >= 0) {
        number++;
        enum record_line kind = record_line_read((struct span){line, (size_t)length}, recorder);
        records += kind == RECORD_READ;
        if (kind == RECORD_NO_MEMORY) {
            (void)fprintf(stderr, "%s:%ld: there is not enough memory to read it\n", path, number);
            records = -1;
        }
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

/* The records of all these files; NULL after a line that says what is wrong. */
static struct recorder *read_files(int count, char **paths)
{
    struct recorder *recorder = recorder_create(RECORDER_MAX_BYTES);
    long records = 0;
    for (int i = 0; recorder && i < count && records >= 0; i++) {
        long more = read_records(paths[i], recorder);
        records = more < 0 ? more : records + more;
    }
    if (records == 0)
        (void)fputs("There is no record in it: set COUNTERSIGN_POLICY=log, and let an environment "
                    "of the function end.\n",
            stderr);
    if (records > 0)
        return recorder;
    recorder_destroy(recorder);
    return NULL;
}

/* What a command has read, and what it is to print of it. */
struct report {
    const struct recorder *recorder;
    const struct policy *policy;
    enum policy_format format;
    const struct document *role;
};

typedef bool write_report(const struct report *report, struct buf *out);

/* Writes into as much memory as it takes. */
static int print(write_report *write, const struct report *report)
{
    enum { FIRST_BYTES = 1 << 18, MOST_BYTES = 1 << 26 };
    bool written = true, printed = false;
    for (size_t bytes = FIRST_BYTES; written && !printed && bytes <= MOST_BYTES; bytes *= 2) {
        char *memory = malloc(bytes);
        struct buf out = buf_over(memory, memory ? bytes : 0);
        written = memory && write(report, &out);
        printed = written && !out.failed && fwrite(out.at, 1, out.len, stdout) == out.len;
        free(memory);
    }
    return printed && fflush(stdout) == 0 ? EXIT_CLEAN : EXIT_RUN_TIME;
}

static bool write_policy(const struct report *report, struct buf *out)
{
    policy_write(report->policy, report->format, out);
    return true;
}

static bool write_unused(const struct report *report, struct buf *out)
{
    long lines = unused_write(report->role, report->recorder, out);
    if (lines == 0)
        buf_text(out, "All that the policy grants was used.\n");
    return lines >= 0;
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
    struct report report = {.recorder = NULL};
    int first;
    if (!take_format(count, arguments, &first, &report.format) || first >= count) {
        (void)fputs(usage, stderr);
        return EXIT_CONFIGURATION;
    }
    struct recorder *recorder = read_files(count - first, arguments + first);
    if (!recorder)
        return EXIT_RUN_TIME;
    struct policy *policy = policy_create(recorder);
    report.policy = policy;
    int status = policy ? print(write_policy, &report) : EXIT_RUN_TIME;
    policy_destroy(policy);
    recorder_destroy(recorder);
    return status;
}

/* NULL after a line that says what is wrong with it. */
static struct document *read_role(const char *path)
{
    struct document *role = NULL;
    struct fault fault;
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(DOCUMENT_BYTES + 1) : NULL;
    if (!text) {
        perror(path);
    } else {
        size_t length = fread(text, 1, DOCUMENT_BYTES + 1, file);
        if (document_read((struct span){text, length}, &role, &fault))
            (void)fprintf(stderr, "%s: %s\n", path, fault.text);
    }
    free(text);
    if (file)
        (void)fclose(file);
    return role;
}

static int run_unused(int count, char **arguments)
{
    if (count < 4) {
        (void)fputs(usage, stderr);
        return EXIT_CONFIGURATION;
    }
    struct document *role = read_role(arguments[2]);
    struct recorder *recorder = role ? read_files(count - 3, arguments + 3) : NULL;
    struct report report = {.recorder = recorder, .role = role};
    int status = recorder ? print(write_unused, &report) : EXIT_RUN_TIME;
    recorder_destroy(recorder);
    document_destroy(role);
    return status;
}

bool commands_run(int count, char **arguments, int *status)
{
    const char *name = count > 1 ? arguments[1] : "";
    bool is_policy = strcmp(name, "policy") == 0;
    if (!is_policy && strcmp(name, "unused") != 0)
        return false;
    *status = is_policy ? run_policy(count, arguments) : run_unused(count, arguments);
    return true;
}
