/* Where a resource may be cut: S3's keys have folders, other ARNs a type and a name. Pure. */
#pragma once

#include "proxy/base/span.h"

/* root: how many bytes of the resource no fold may cut; 0 where it has nothing to fold. For an
 * object it ends behind the bucket's slash, for others behind the type's. most: how many names may
 * stand in one folder before it folds; 0 for no limit. */
struct folder_rule {
    size_t root;
    size_t most;
    bool object; /* of S3 */
};

/* Sources of the ARNs' forms: Service Authorization Reference, "Resource types". */
void folder_rule_of(struct span resource, struct folder_rule *rule);

/* Where a fold at folder, which ends in a slash, should end: before the first name after root that
 * looks like a number, a date or a random id. */
struct span folder_cut(struct span folder, size_t root);
