//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef WORD_COUNT_MESSAGES_HPP
#define WORD_COUNT_MESSAGES_HPP

#include <strait.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>

// What the supervisor and its workers say to each other: plain structs, nothing else is needed.

namespace word_count {

struct counts {
    std::uint64_t lines = 0;
    std::uint64_t words = 0;
    std::uint64_t bytes = 0;

    counts& operator+=(const counts& other) {
        lines += other.lines;
        words += other.words;
        bytes += other.bytes;
        return *this;
    }
    friend bool operator==(const counts&, const counts&) = default;
};

using frequencies = std::unordered_map<std::string, std::uint32_t>;

struct answer {
    std::uint32_t file = 0;
    counts total;
    frequencies identifiers;
};

// An open file and where to send what was counted. The worker needs no right to open anything, and
// no idea of who asks.
struct request {
    std::uint32_t file = 0;
    strait::handle content;
    strait::sender<answer> reply;
};

}  // namespace word_count

#endif
