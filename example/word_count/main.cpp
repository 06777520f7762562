//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "reference.hpp"
#include "supervisor.hpp"
#include "worker.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <thread>

// Counts lines, words, bytes and identifiers of all files in a directory, by several processes.
//
//     word_count [DIRECTORY] [--kill] [--workers N]
//
// The supervisor opens the files and sends them, as open descriptors, to workers: this same program,
// started with one end of a channel. A worker never opens a path; it could run in a sandbox without
// any file system. Every request carries a sender for the answer. With --kill workers are killed in
// the midst of their work, and the result is the same. In the end it is compared with what wc says.
//
// supervisor.cpp and worker.cpp are what to read first; messages.hpp is what they say to each other.

namespace {

using namespace word_count;

struct command_line {
    std::filesystem::path directory = "/usr/include/boost";
    options supervision;
};

std::size_t number_of(std::string_view text) {
    std::size_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size() || number == 0)
        throw std::invalid_argument("--workers needs a number");
    return number;
}

command_line parse(int argc, char** argv) {
    command_line c;
    c.supervision.workers = std::max(2u, std::thread::hardware_concurrency());
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--kill")
            c.supervision.kill = true;
        else if (argument == "--workers" && i + 1 < argc)
            c.supervision.workers = number_of(argv[++i]);
        else if (argument.starts_with("-"))
            throw std::invalid_argument("usage: word_count [DIRECTORY] [--kill] [--workers N]");
        else
            c.directory = argument;
    }
    return c;
}

std::vector<std::filesystem::path> files_below(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
        if (entry.symlink_status().type() == std::filesystem::file_type::regular)
            files.push_back(entry.path());
    if (files.empty()) throw std::runtime_error("no files in " + directory.string());
    return files;
}

int supervise(const command_line& c) {
    const std::filesystem::path directory = std::filesystem::canonical(c.directory);
    supervisor s(files_below(directory), c.supervision);
    const auto begin = std::chrono::steady_clock::now();
    const tally& t = s.run();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    print(std::cout, t, time.count());
    const bool matches = t.files_done == t.files && t.total == ask_wc(directory);
    std::cout << "totals match wc: " << (matches ? "yes" : "no") << '\n';
    return matches ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc == 2 && std::string_view(argv[1]) == "--worker") return run_worker();
    return supervise(parse(argc, argv));
} catch (const std::exception& e) {
    std::fprintf(stderr, "word_count: %s\n", e.what());
    return 1;
}
