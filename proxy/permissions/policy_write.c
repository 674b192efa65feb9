/* The five formats of policy.h. Sources: IAM User Guide, "Grammar of the IAM JSON policy language";
 * Serverless Framework, "IAM permissions for functions"; AWS SAM, AWS::Serverless::Function
 * (Policies); AWS CDK, aws_iam.PolicyStatement; Terraform's AWS provider, aws_iam_policy_document.
 */
#include "proxy/permissions/policy.h"

#include "proxy/permissions/condition.h"
#include "proxy/permissions/quote.h"

bool policy_format_of(struct span name, enum policy_format *format)
{
    static const struct span names[POLICY_FORMATS] = {[POLICY_IAM] = {"iam", 3},
        [POLICY_SERVERLESS] = {"serverless", 10},
        [POLICY_SAM] = {"sam", 3},
        [POLICY_CDK] = {"cdk", 3},
        [POLICY_TERRAFORM] = {"terraform", 9}};
    for (size_t i = 0; i < POLICY_FORMATS; i++)
        if (span_equal(name, names[i])) {
            *format = (enum policy_format)i;
            return true;
        }
    return false;
}

/* What a reader must know of the record, each on a line that begins as the format's comments do. */
static void write_notes(const struct policy *policy, const char *comment, struct buf *out)
{
    if (policy->count == 0)
        buf_format(out, "%s Nothing was asked for yet.\n", comment);
    if (policy->state.widened)
        buf_format(out,
            "%s Too many resources to list one by one: statements named TooManyToList are wide.\n",
            comment);
    if (policy->state.lost > 0)
        buf_format(out, "%s Not complete: the record had no room for %llu more.\n", comment,
            (unsigned long long)policy->state.lost);
}

/* A list of strings: what stands before each, and between two. */
struct list_form {
    enum quote quote;
    const char *before;
    const char *between;
};

static void write_actions(
    const struct policy_statement *statement, struct list_form form, struct buf *out)
{
    for (size_t i = 0; i < statement->rows[0].count; i++) {
        buf_add(out, i > 0 ? span_of(form.between) : SPAN(""));
        buf_add(out, span_of(form.before));
        quote_text(out, form.quote, statement->rows[0].pairs[i].action);
    }
}

static bool has_condition(const struct policy_statement *statement, struct condition *condition)
{
    return condition_read(statement->rows[0].pairs[0].resource, condition);
}

static void write_resources(
    const struct policy_statement *statement, struct list_form form, struct buf *out)
{
    struct condition condition;
    if (has_condition(statement, &condition)) {
        buf_add(out, span_of(form.before));
        quote_text(out, form.quote, SPAN("*"));
        return;
    }
    for (size_t i = 0; i < statement->count; i++) {
        const struct recorded *pair = &statement->rows[i].pairs[0];
        buf_add(out, i > 0 ? span_of(form.between) : SPAN(""));
        buf_add(out, span_of(form.before));
        quote_resource(out, form.quote, pair->resource, pair->folded);
    }
}

/* StringEquals takes a star for one, and a name has none of what it takes for more. */
static void write_values(
    const struct policy_statement *statement, struct list_form form, struct buf *out)
{
    struct condition condition;
    for (size_t i = 0; i < statement->count; i++) {
        buf_add(out, i > 0 ? span_of(form.between) : SPAN(""));
        buf_add(out, span_of(form.before));
        if (condition_read(statement->rows[i].pairs[0].resource, &condition))
            quote_text(out, form.quote, condition.value);
    }
}

static void write_iam_condition(const struct policy_statement *statement, struct buf *out)
{
    const struct list_form form = {QUOTE_JSON, "\n            ", ","};
    struct condition condition;
    if (!has_condition(statement, &condition))
        return;
    buf_text(out, ",\n      \"Condition\": {\n        \"StringEquals\": {\n          ");
    quote_text(out, QUOTE_JSON, condition.key);
    buf_text(out, ": [");
    write_values(statement, form, out);
    buf_text(out, "\n          ]\n        }\n      }");
}

static void write_iam(const struct policy *policy, struct buf *out)
{
    const struct list_form form = {QUOTE_JSON, "\n        ", ","};
    buf_text(out, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [");
    for (size_t i = 0; i < policy->count; i++) {
        const struct policy_statement *statement = &policy->statements[i];
        buf_format(out, "%s\n    {\n      \"Sid\": \"%s\",\n      \"Effect\": \"Allow\",\n",
            i > 0 ? "," : "", statement->sid);
        buf_text(out, "      \"Action\": [");
        write_actions(statement, form, out);
        buf_text(out, "\n      ],\n      \"Resource\": [");
        write_resources(statement, form, out);
        buf_text(out, "\n      ]");
        write_iam_condition(statement, out);
        buf_text(out, "\n    }");
    }
    buf_add(out, policy->count > 0 ? SPAN("\n  ]\n}\n") : SPAN("]\n}\n"));
}

/* indent stands before each line; lists and values: what before each of their items. */
struct yaml_form {
    const char *indent;
    struct list_form lists, values;
};

static void write_yaml_condition(
    const struct policy_statement *statement, const struct yaml_form *form, struct buf *out)
{
    const char *indent = form->indent;
    struct condition condition;
    if (!has_condition(statement, &condition))
        return;
    buf_format(out, "\n%s  Condition:\n%s    StringEquals:\n%s      ", indent, indent, indent);
    quote_text(out, form->values.quote, condition.key);
    buf_char(out, ':');
    write_values(statement, form->values, out);
}

/* A sequence of statements. */
static void write_yaml(const struct policy *policy, const struct yaml_form *form, struct buf *out)
{
    const char *indent = form->indent;
    for (size_t i = 0; i < policy->count; i++) {
        const struct policy_statement *statement = &policy->statements[i];
        buf_format(out, "%s- Sid: %s\n%s  Effect: Allow\n%s  Action:", indent, statement->sid,
            indent, indent);
        write_actions(statement, form->lists, out);
        buf_format(out, "\n%s  Resource:", indent);
        write_resources(statement, form->lists, out);
        write_yaml_condition(statement, form, out);
        buf_char(out, '\n');
    }
}

static void write_serverless(const struct policy *policy, struct buf *out)
{
    const struct yaml_form form = {
        "  ", {QUOTE_SERVERLESS, "\n      - ", ""}, {QUOTE_SERVERLESS, "\n          - ", ""}};
    buf_text(out,
        "# in serverless.yml under provider; since version 2.24 also as iam.role.statements\n");
    write_notes(policy, "#", out);
    buf_add(
        out, policy->count > 0 ? SPAN("iamRoleStatements:\n") : SPAN("iamRoleStatements: []\n"));
    write_yaml(policy, &form, out);
}

static void write_sam(const struct policy *policy, struct buf *out)
{
    const struct yaml_form form = {
        "      ", {QUOTE_YAML, "\n          - ", ""}, {QUOTE_YAML, "\n              - ", ""}};
    buf_text(out, "# in template.yaml, among the Properties of an AWS::Serverless::Function\n");
    write_notes(policy, "#", out);
    if (policy->count == 0) {
        buf_text(out, "Policies: []\n");
        return;
    }
    buf_text(out, "Policies:\n  - Version: \"2012-10-17\"\n    Statement:\n");
    write_yaml(policy, &form, out);
}

static void write_cdk_condition(const struct policy_statement *statement, struct buf *out)
{
    const struct list_form form = {QUOTE_TYPESCRIPT, "\n          ", ","};
    struct condition condition;
    if (!has_condition(statement, &condition))
        return;
    buf_text(out, "    conditions: {\n      StringEquals: {\n        ");
    quote_text(out, QUOTE_TYPESCRIPT, condition.key);
    buf_text(out, ": [");
    write_values(statement, form, out);
    buf_text(out, ",\n        ],\n      },\n    },\n");
}

static void write_cdk(const struct policy *policy, struct buf *out)
{
    const struct list_form form = {QUOTE_TYPESCRIPT, "\n      ", ","};
    buf_text(out, "// statements.forEach((statement) => handler.addToRolePolicy(statement));\n");
    write_notes(policy, "//", out);
    buf_text(out,
        "import { Effect, PolicyStatement } from \"aws-cdk-lib/aws-iam\";\n\n"
        "export const statements: PolicyStatement[] = [\n");
    for (size_t i = 0; i < policy->count; i++) {
        const struct policy_statement *statement = &policy->statements[i];
        buf_format(out,
            "  new PolicyStatement({\n    sid: \"%s\",\n    effect: Effect.ALLOW,\n    actions: [",
            statement->sid);
        write_actions(statement, form, out);
        buf_text(out, ",\n    ],\n    resources: [");
        write_resources(statement, form, out);
        buf_text(out, ",\n    ],\n");
        write_cdk_condition(statement, out);
        buf_text(out, "  }),\n");
    }
    buf_text(out, "];\n");
}

static void write_terraform_condition(const struct policy_statement *statement, struct buf *out)
{
    const struct list_form form = {QUOTE_TERRAFORM, "\n        ", ","};
    struct condition condition;
    if (!has_condition(statement, &condition))
        return;
    buf_text(out, "    condition {\n      test     = \"StringEquals\"\n      variable = ");
    quote_text(out, QUOTE_TERRAFORM, condition.key);
    buf_text(out, "\n      values = [");
    write_values(statement, form, out);
    buf_text(out, ",\n      ]\n    }\n");
}

static void write_terraform(const struct policy *policy, struct buf *out)
{
    const struct list_form form = {QUOTE_TERRAFORM, "\n      ", ","};
    write_notes(policy, "#", out);
    buf_text(out, "data \"aws_iam_policy_document\" \"function\" {\n");
    for (size_t i = 0; i < policy->count; i++) {
        const struct policy_statement *statement = &policy->statements[i];
        buf_format(out, "%s  statement {\n    sid    = \"%s\"\n    effect = \"Allow\"\n",
            i > 0 ? "\n" : "", statement->sid);
        buf_text(out, "    actions = [");
        write_actions(statement, form, out);
        buf_text(out, ",\n    ]\n    resources = [");
        write_resources(statement, form, out);
        buf_text(out, ",\n    ]\n");
        write_terraform_condition(statement, out);
        buf_text(out, "  }\n");
    }
    buf_text(out, "}\n");
}

void policy_write(const struct policy *policy, enum policy_format format, struct buf *out)
{
    static void (*const writers[POLICY_FORMATS])(const struct policy *, struct buf *) = {
        [POLICY_IAM] = write_iam,
        [POLICY_SERVERLESS] = write_serverless,
        [POLICY_SAM] = write_sam,
        [POLICY_CDK] = write_cdk,
        [POLICY_TERRAFORM] = write_terraform,
    };
    writers[format](policy, out);
}
