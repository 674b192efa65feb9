/* The main flows of the proxy, one exchange each. */
#pragma once

#include "tests/unit/stage.h"

extern const struct scene scenes[];
extern const size_t scenes_count;

/* Before the stage is opened for it. */
void scene_prepare(const struct scene *scene, struct stage *stage);
