//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef WORD_COUNT_TALLY_HPP
#define WORD_COUNT_TALLY_HPP

#include "messages.hpp"

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace word_count {

// What is known so far, of all files.
struct tally {
    std::size_t files = 0;
    std::size_t files_done = 0;
    counts total;
    frequencies identifiers;

    std::vector<std::size_t> files_of_worker;  // by place, whoever held it
    std::size_t workers_killed = 0;
    std::size_t files_sent_again = 0;

    void add(const answer& a, std::size_t worker);
};

// The table at the end.
void print(std::ostream& out, const tally& t, double seconds);

}  // namespace word_count

#endif
