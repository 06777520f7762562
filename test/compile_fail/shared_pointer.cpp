//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: a shared pointer cannot travel

#include <strait/codec.hpp>

#include <memory>
#include <vector>

struct job {
    std::vector<std::shared_ptr<int>> all;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
