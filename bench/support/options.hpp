//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_OPTIONS_HPP
#define STRAIT_BENCH_SUPPORT_OPTIONS_HPP

#include <string>

namespace bench {

// The command line that all programs share: --smoke (only see that it works), --json FILE,
// --only TEXT (rows whose name contains it, for a profiler).
struct options {
    bool smoke = false;
    std::string json;
    std::string only;
};

options parse_options(int argc, char** argv);

// Whether this process was started by `start_peer`.
bool is_peer(int argc, char** argv) noexcept;

}  // namespace bench

#endif
