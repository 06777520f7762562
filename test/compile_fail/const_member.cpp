//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: a const member cannot be decoded

#include <strait/codec.hpp>

struct job {
    const int number = 0;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
