//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/error.hpp>
#include <strait/version.hpp>

#include <cstdio>

// Uses something compiled of the library and something that only its headers hold.
int main() {
    const strait::error_code ec = strait::error::not_open;
    std::printf("strait protocol %d: %s\n", strait::protocol_version, ec.message().c_str());
    return strait::is_fatal(ec) ? 0 : 1;
}
