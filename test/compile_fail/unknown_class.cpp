//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// expect: strait: this class cannot travel yet; make it a plain aggregate

#include <strait/codec.hpp>

class opaque {
public:
    opaque() {}

private:
    int a_ = 0;
};

struct job {
    opaque o;
};

void use(const job& value, strait::output_archive& ar) {
    strait::encode(value, ar);
}
