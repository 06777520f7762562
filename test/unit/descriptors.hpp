//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_UNIT_DESCRIPTORS_HPP
#define STRAIT_TEST_UNIT_DESCRIPTORS_HPP

#include <strait/handle.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

// Descriptors of all kinds to test with. The pipes and sockets are not close-on-exec.

namespace strait::test {

inline bool is_close_on_exec(int native) { return (::fcntl(native, F_GETFD) & FD_CLOEXEC) != 0; }
inline bool is_non_blocking(int native) { return (::fcntl(native, F_GETFL) & O_NONBLOCK) != 0; }

inline handle open_path(const char* path, int flags) {
    return handle(::open(path, flags | O_CLOEXEC));
}

inline handle temporary_file() {
    char path[] = "/tmp/strait-handle-XXXXXX";
    handle file(::mkstemp(path));
    BOOST_REQUIRE(file.is_open());
    ::unlink(path);
    return file;
}

inline std::pair<handle, handle> make_plain_pipe() {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::pipe(ends), 0);
    return {handle(ends[0]), handle(ends[1])};
}

inline std::pair<handle, handle> make_socket_pair(int type) {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::socketpair(AF_UNIX, type, 0, ends), 0);
    return {handle(ends[0]), handle(ends[1])};
}

inline handle internet_socket(int type, bool listening = false) {
    handle socket(::socket(AF_INET, type, 0));
    if (listening) BOOST_REQUIRE_EQUAL(::listen(socket.native_handle(), 1), 0);
    return socket;
}

}  // namespace strait::test

#endif
