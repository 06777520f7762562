//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: an aggregate with a base class needs BOOST_DESCRIBE_STRUCT or serialize

#include <strait/codec.hpp>

struct base {
    int a;
};

struct job : base {
    int b;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
