//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: a view cannot travel

#include <strait/codec.hpp>

#include <string_view>

struct job {
    std::string_view name;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
