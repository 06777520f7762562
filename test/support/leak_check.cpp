//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/leak_check.hpp"

#include "support/sanitized.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace strait::test {

namespace {

// The listing's own descriptor is among the numbers, and gone when its link is read.
std::vector<std::string> open_descriptors() {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ec;
        const auto target = std::filesystem::read_symlink(entry.path(), ec);
        if (ec) continue;
        if (target.string().ends_with("/fd")) continue;
        all.push_back("descriptor " + entry.path().filename().string() + " " + target.string());
    }
    std::sort(all.begin(), all.end());
    return all;
}

bool is_shared_memory(const std::string& line) {
    return line.find("/memfd:") != std::string::npos ||
           line.find("/dev/shm/") != std::string::npos || line.find("/SYSV") != std::string::npos ||
           line.find("/dev/zero") != std::string::npos;
}

std::vector<std::string> shared_mappings() {
    std::vector<std::string> all;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (is_shared_memory(line)) all.push_back("mapping " + line);
    }
    std::sort(all.begin(), all.end());
    return all;
}

void list_missing(
    std::ostream& out, const char* word, const std::vector<std::string>& in,
    const std::vector<std::string>& from) {
    std::vector<std::string> missing;
    std::set_difference(
        in.begin(), in.end(), from.begin(), from.end(), std::back_inserter(missing));
    for (const std::string& what : missing) out << word << what << '\n';
}

}  // namespace

resources resources::held() {
    const auto look = [] { return resources{open_descriptors(), shared_mappings()}; };
    resources now = look();
    if constexpr (sanitizer_needs_descriptors) {
        // Its pipes are there for a moment, also those for the thread of the watchdog.
        for (resources again = look(); again != now; again = look()) now = std::move(again);
    }
    return now;
}

std::string difference(const resources& before, const resources& after) {
    std::ostringstream out;
    list_missing(out, "left open: ", after.descriptors, before.descriptors);
    list_missing(out, "left open: ", after.mappings, before.mappings);
    list_missing(out, "closed: ", before.descriptors, after.descriptors);
    list_missing(out, "closed: ", before.mappings, after.mappings);
    return out.str();
}

clean_fixture::clean_fixture() : before_(resources::held()) {}

clean_fixture::~clean_fixture() {
    const std::string changed = difference(before_, resources::held());
    BOOST_TEST(
        changed.empty(), "the test case does not leave the process as it found it:\n"
                             << changed);
}

}  // namespace strait::test
