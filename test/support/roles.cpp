//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/roles.hpp"

#include "support/watchdog.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <string_view>

#include <unistd.h>

namespace strait::test {

namespace {

// Local static: registrations run before main in any order.
std::map<std::string_view, role_function>& roles() {
    static std::map<std::string_view, role_function> table;
    return table;
}

}  // namespace

role_registration::role_registration(const char* name, role_function function) {
    if (!roles().emplace(name, function).second) {
        std::fprintf(stderr, "two test roles are named %s\n", name);
        std::abort();
    }
}

std::optional<int> run_role(int argc, char** argv) {
    constexpr std::string_view prefix = "--role=";
    if (argc < 2 || !std::string_view(argv[1]).starts_with(prefix)) return std::nullopt;
    const std::string_view name = std::string_view(argv[1]).substr(prefix.size());
    const auto found = roles().find(name);
    if (found == roles().end()) {
        std::fprintf(stderr, "no test role is named %s\n", argv[1] + prefix.size());
        return 127;
    }
    ::alarm(static_cast<unsigned>(patience().count()));
    try {
        return found->second(std::span(argv + 2, static_cast<std::size_t>(argc - 2)));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "test role %s: %s\n", argv[1] + prefix.size(), e.what());
        return 126;
    }
}

std::string self_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

}  // namespace strait::test
