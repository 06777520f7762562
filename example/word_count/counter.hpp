//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef WORD_COUNT_COUNTER_HPP
#define WORD_COUNT_COUNTER_HPP

#include "messages.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace word_count {

// Counts what it is fed, chunk by chunk.
class counter {
public:
    void feed(std::string_view chunk);

    // At the end of the file: the last word and identifier may reach up to it.
    void finish();

    counts total;
    frequencies identifiers;

private:
    void end_word();
    void end_identifier();

    bool in_word_ = false;
    bool in_number_ = false;  // its letters, as in 0x1f, are no identifier
    std::string identifier_;
};

// Reads a file to its end; throws std::system_error.
void count(std::FILE* file, counter& into);

}  // namespace word_count

#endif
