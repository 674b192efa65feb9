/* A resource as a string of the formats in which a policy is written: it comes from requests, so
 * whatever is in it must stay a string, and mean the same in each. Pure. */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/permissions/recorder.h"

enum quote {
    QUOTE_JSON,
    QUOTE_YAML,       /* 1.1 and 1.2, for CloudFormation; plain where nothing in it is special */
    QUOTE_SERVERLESS, /* the same, in which "${name:...}" would be a variable, "\${" its escape */
    QUOTE_TYPESCRIPT, /* for the CDK: every JSON string is one of its (ECMAScript 2019) */
    QUOTE_TERRAFORM,  /* HCL: "${" and "%{" begin templates, "&{" an IAM variable of the provider */
};

/* CloudFormation replaces "{{resolve:...}}" wherever it stands: in its formats no "{{" may be left.
 *
 * Appends the resource as IAM's pattern, within quotes as the format needs them. Where a format has
 * no way to write a byte so that it is not understood otherwise, it becomes "?", any one byte. */
void quote_resource(struct buf *out, enum quote quote, struct span resource, bool folded);

/* Appends a text that is no pattern: an action, a name. */
void quote_text(struct buf *out, enum quote quote, struct span text);
