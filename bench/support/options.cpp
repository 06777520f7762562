//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace bench {

options parse_options(int argc, char** argv) {
    options o;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--smoke") {
            o.smoke = true;
        } else if (word == "--json" && i + 1 < argc) {
            o.json = argv[++i];
        } else if (word == "--only" && i + 1 < argc) {
            o.only = argv[++i];
        } else {
            std::fprintf(stderr, "usage: %s [--smoke] [--json FILE] [--only TEXT]\n", argv[0]);
            std::exit(2);
        }
    }
    return o;
}

bool is_peer(int argc, char** argv) noexcept {
    return argc == 2 && std::string_view(argv[1]) == "--peer";
}

}  // namespace bench
