//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: a union cannot travel

#include <strait/codec.hpp>

union either {
    int a;
    float b;
};

struct job {
    either e;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
