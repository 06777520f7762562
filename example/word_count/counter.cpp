//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "counter.hpp"

#include <array>
#include <cerrno>
#include <system_error>

namespace word_count {

namespace {

// As LC_ALL=C has it, whatever the locale here.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_print(char c) { return c >= ' ' && c <= '~'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

void counter::feed(std::string_view chunk) {
    total.bytes += chunk.size();
    for (const char c : chunk) {
        if (c == '\n') ++total.lines;

        // A word is what lies between white space, if it has a printable character: so says GNU wc.
        if (is_space(c))
            end_word();
        else if (is_print(c))
            in_word_ = true;

        if (is_letter(c) || is_digit(c)) {
            if (identifier_.empty() && !in_number_) in_number_ = is_digit(c);
            if (!in_number_) identifier_ += c;
        } else {
            end_identifier();
        }
    }
}

void counter::finish() {
    end_word();
    end_identifier();
}

void counter::end_word() {
    total.words += in_word_ ? 1 : 0;
    in_word_ = false;
}

void counter::end_identifier() {
    if (!identifier_.empty()) ++identifiers[identifier_];
    identifier_.clear();
    in_number_ = false;
}

void count(std::FILE* file, counter& into) {
    std::array<char, 65536> buffer;
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file))
        into.feed({buffer.data(), n});
    if (std::ferror(file) != 0) throw std::system_error(errno, std::generic_category(), "read");
    into.finish();
}

}  // namespace word_count
