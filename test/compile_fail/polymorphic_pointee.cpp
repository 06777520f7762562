//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: a pointer to a polymorphic class cannot travel

#include <strait/codec.hpp>

#include <memory>

struct shape {
    virtual ~shape() = default;
};

struct job {
    std::unique_ptr<shape> s;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
