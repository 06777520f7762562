//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/handle.hpp>

#include "posix/last_error.hpp"

#include <strait/impl/handle_facts.hpp>

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace strait {
namespace {

using detail::os::last_error;

void throw_if(const error_code& ec, const char* what) {
    if (ec) throw system_error(ec, what);
}

}  // namespace

void handle::close() noexcept {
    if (native_ == -1) return;
    const int saved = errno;
    // Not tried again after EINTR: on Linux the number is free by then, and may be another's.
    ::close(std::exchange(native_, -1));
    errno = saved;
}

handle handle::duplicate_of(native_handle_type native, error_code& ec) noexcept {
    const int copy = ::fcntl(native, F_DUPFD_CLOEXEC, 0);
    ec = copy == -1 ? last_error() : error_code();
    return handle(copy);
}

handle handle::duplicate_of(native_handle_type native) {
    error_code ec;
    handle copy = duplicate_of(native, ec);
    throw_if(ec, "handle::duplicate_of");
    return copy;
}

handle handle::duplicate_of(std::FILE* file, error_code& ec) noexcept {
    if (std::fflush(file) != 0) {
        ec = last_error();
        return handle();
    }
    return duplicate_of(::fileno(file), ec);
}

handle handle::duplicate_of(std::FILE* file) {
    error_code ec;
    handle copy = duplicate_of(file, ec);
    throw_if(ec, "handle::duplicate_of");
    return copy;
}

handle_kind handle::kind(error_code& ec) const noexcept {
    ec = {};
    return is_open() ? detail::kind_of(native_, ec) : handle_kind::none;
}

handle_kind handle::kind() const {
    error_code ec;
    const handle_kind k = kind(ec);
    throw_if(ec, "handle::kind");
    return k;
}

handle handle::duplicate(error_code& ec) const noexcept {
    if (is_open()) return duplicate_of(native_, ec);
    ec = error::not_open;
    return handle();
}

handle handle::duplicate() const {
    error_code ec;
    handle copy = duplicate(ec);
    throw_if(ec, "handle::duplicate");
    return copy;
}

unique_file handle::into_file(const char* mode, error_code& ec) noexcept {
    switch (kind(ec)) {
        case handle_kind::none:
            ec = error::not_open;
            return nullptr;
        case handle_kind::file:
        case handle_kind::memory:
        case handle_kind::pipe:
        case handle_kind::stream_socket:
        case handle_kind::character_device:
        case handle_kind::block_device:
            break;
        default:
            if (!ec) ec = error::wrong_handle_kind;
            return nullptr;
    }
    unique_file file(::fdopen(native_, mode));
    if (!file) {
        ec = last_error();
        return nullptr;
    }
    native_ = -1;
    return file;
}

unique_file handle::into_file(const char* mode) {
    error_code ec;
    unique_file file = into_file(mode, ec);
    throw_if(ec, "handle::into_file");
    return file;
}

}  // namespace strait
