//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

// Runs a fuzz target on files, or on all files of directories, without a fuzzer.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// As much as a fuzzer gives one input. What hangs is killed, and the line above says what it was.
constexpr unsigned seconds_per_input = 60;

void run(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    std::printf("%s, %zu bytes\n", file.c_str(), bytes.size());
    std::fflush(stdout);
    ::alarm(seconds_per_input);
    // Exactly as large as the input, so that a sanitizer sees what is read behind it.
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
    ::alarm(0);
}

}  // namespace

int main(int argc, char** argv) try {
    namespace fs = std::filesystem;
    int count = 0;
    for (int i = 1; i < argc; ++i) {
        if (!fs::exists(argv[i])) throw std::runtime_error(std::string(argv[i]) + " is not there");
        if (!fs::is_directory(argv[i])) {
            run(argv[i]);
            ++count;
            continue;
        }
        for (const auto& entry : fs::directory_iterator(argv[i])) {
            run(entry.path());
            ++count;
        }
    }
    std::printf("%d inputs\n", count);
    return count == 0 ? 1 : 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
