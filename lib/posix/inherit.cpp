//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/inherit.hpp"

#include "posix/last_error.hpp"

#include <strait/impl/handle_facts.hpp>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdlib>

#include <sys/stat.h>

namespace strait::detail::os {
namespace {

struct location {
    int number = -1;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};

// Takes digits and, if there is one, the separator behind them from the front of the text.
template <class Integer>
bool take_number(std::string_view& text, Integer& value, bool last) noexcept {
    const char* end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data(), end, value);
    if (failed != std::errc() || (last ? stop != end : stop == end || *stop != ':')) return false;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + (last ? 0 : 1));
    return true;
}

bool parse(std::string_view text, location& where) noexcept {
    return take_number(text, where.number, false) && take_number(text, where.device, false) &&
           take_number(text, where.inode, true);
}

// Whether the descriptor is the socket that the parent meant.
bool is_there(const location& where) noexcept {
    struct stat status {};
    return where.number >= 3 && ::fstat(where.number, &status) == 0 && S_ISSOCK(status.st_mode) &&
           static_cast<std::uint64_t>(status.st_dev) == where.device &&
           static_cast<std::uint64_t>(status.st_ino) == where.inode;
}

}  // namespace

std::string inherited_variable(const handle& socket, int number, error_code& ec) {
    struct stat status {};
    if (::fstat(socket.native_handle(), &status) != 0) {
        ec = last_error();
        return {};
    }
    if (!S_ISSOCK(status.st_mode)) {
        ec = error::wrong_handle_kind;
        return {};
    }
    ec = {};
    return std::string(inherited_variable_prefix) + std::to_string(number) + ':' +
           std::to_string(static_cast<std::uint64_t>(status.st_dev)) + ':' +
           std::to_string(static_cast<std::uint64_t>(status.st_ino));
}

handle take_inherited(error_code& ec) noexcept {
    static std::atomic<bool> taken = false;
    ec = error::no_inherited_ends;
    // As all programs that read it: safe while nobody changes the environment.
    const char* text = std::getenv("STRAIT_INHERITED");  // NOLINT(concurrency-mt-unsafe)
    location where;
    if (text == nullptr || !parse(text, where) || !is_there(where)) return handle();
    if (taken.exchange(true)) return handle();
    handle socket(where.number);
    set_close_on_exec(where.number, ec);
    return socket;
}

}  // namespace strait::detail::os
