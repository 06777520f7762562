//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: a std::unique_ptr with its own deleter or to an array cannot travel

#include <strait/codec.hpp>

#include <memory>

struct job {
    std::unique_ptr<int[]> numbers;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
