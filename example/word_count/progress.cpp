//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "progress.hpp"

#include <iostream>
#include <string>

#include <unistd.h>

namespace word_count {

namespace {

constexpr std::size_t bar_width = 40;
constexpr std::size_t redraws = 200;
constexpr std::size_t lines = 10;

}  // namespace

progress::progress(const tally& t) : tally_(t), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void progress::update() {
    const std::size_t step =
        tally_.files_done * (is_terminal_ ? redraws : lines) / tally_.files;
    if (step == shown_) return;
    shown_ = step;
    const std::string count =
        std::to_string(tally_.files_done) + " of " + std::to_string(tally_.files) + " files";
    if (!is_terminal_) {
        std::cerr << count << '\n';
        return;
    }
    const std::size_t filled = tally_.files_done * bar_width / tally_.files;
    std::cerr << "\r[" << std::string(filled, '#') << std::string(bar_width - filled, '.') << "] "
              << count << "  " << tally_.workers_killed << " workers killed "
              << (tally_.files_done == tally_.files ? "\n" : "") << std::flush;
}

}  // namespace word_count
