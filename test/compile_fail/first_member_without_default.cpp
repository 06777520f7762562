//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: every member of an aggregate must be default-constructible

#include <strait/codec.hpp>

struct part {
    explicit part(int);
};

struct job {
    part p = part(1);
    int number = 2;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
