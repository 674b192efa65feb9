#include "proxy/permissions/policy.h"

#include <stdlib.h>

#include "proxy/permissions/condition.h"
#include "proxy/permissions/policy_sid.h"

static struct span service_of(struct span action)
{
    return span_first(action, span_find(action, ':'));
}

static int compare_pairs(const void *left, const void *right)
{
    const struct recorded *a = left, *b = right;
    int order = span_compare(service_of(a->action), service_of(b->action));
    order = order ? order : span_compare(a->resource, b->resource);
    order = order ? order : a->folded - b->folded;
    return order ? order : span_compare(a->action, b->action);
}

static bool same_row(const struct recorded *a, const struct recorded *b)
{
    return a->folded == b->folded && span_equal(a->resource, b->resource)
        && span_equal(service_of(a->action), service_of(b->action));
}

static int compare_actions(const struct policy_row *a, const struct policy_row *b)
{
    size_t shared = a->count < b->count ? a->count : b->count;
    int order = span_compare(service_of(a->pairs->action), service_of(b->pairs->action));
    for (size_t i = 0; order == 0 && i < shared; i++)
        order = span_compare(a->pairs[i].action, b->pairs[i].action);
    return order ? order : (a->count > b->count) - (a->count < b->count);
}

/* Empty where the row's resource is no condition. */
static struct span key_of(const struct policy_row *row)
{
    struct condition condition;
    return condition_read(row->pairs->resource, &condition) ? condition.key : SPAN("");
}

static int compare_statements(const struct policy_row *a, const struct policy_row *b)
{
    int order = compare_actions(a, b);
    return order ? order : span_compare(key_of(a), key_of(b));
}

static int compare_rows(const void *left, const void *right)
{
    const struct policy_row *a = left, *b = right;
    int order = compare_statements(a, b);
    return order ? order : compare_pairs(a->pairs, b->pairs);
}

/* Pairs about the same resource become a row. */
static size_t make_rows(struct policy *policy, size_t pairs)
{
    size_t rows = 0;
    qsort(policy->pairs, pairs, sizeof *policy->pairs, compare_pairs);
    for (size_t i = 0; i < pairs; i++) {
        if (i == 0 || !same_row(&policy->pairs[i - 1], &policy->pairs[i]))
            policy->rows[rows++] = (struct policy_row){&policy->pairs[i], 0};
        policy->rows[rows - 1].count++;
    }
    return rows;
}

/* Rows with the same actions become a statement, those on a condition one of their own. */
static void make_statements(struct policy *policy, size_t rows)
{
    qsort(policy->rows, rows, sizeof *policy->rows, compare_rows);
    for (size_t i = 0; i < rows; i++) {
        if (i == 0 || compare_statements(&policy->rows[i - 1], &policy->rows[i]) != 0)
            policy->statements[policy->count++].rows = &policy->rows[i];
        policy->statements[policy->count - 1].count++;
    }
    for (size_t i = 0; i < policy->count; i++)
        policy_sid_write(policy, i);
}

struct policy *policy_create(const struct recorder *recorder)
{
    struct policy *policy = calloc(1, sizeof *policy);
    if (!policy)
        return NULL;
    policy->state = recorder_state(recorder);
    size_t pairs = policy->state.count;
    policy->pairs = recorder_list(recorder);
    policy->rows = calloc(pairs + 1, sizeof *policy->rows);
    policy->statements = calloc(pairs + 1, sizeof *policy->statements);
    if (!policy->pairs || !policy->rows || !policy->statements) {
        policy_destroy(policy);
        return NULL;
    }
    make_statements(policy, make_rows(policy, pairs));
    return policy;
}

void policy_destroy(struct policy *policy)
{
    if (!policy)
        return;
    free(policy->statements);
    free(policy->rows);
    free(policy->pairs);
    free(policy);
}
