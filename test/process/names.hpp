//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_PROCESS_NAMES_HPP
#define STRAIT_TEST_PROCESS_NAMES_HPP

#include "names/hello.hpp"
#include "posix/local_socket.hpp"
#include "posix/stream.hpp"
#include "support/child_process.hpp"
#include "support/context_fixture.hpp"
#include "support/roles.hpp"

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

// For the tests of names: endpoints, clients in other processes, and peers that are none.

namespace strait::test {

namespace os = strait::detail::os;
namespace asio = boost::asio;

struct line_of_text {
    int number = 0;
    std::string text;
};

struct request {
    int number = 0;
    sender<line_of_text> reply;
};

// A directory of its own for the files of one test.
class scratch_directory {
public:
    scratch_directory() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "names-XXXXXX").native();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::bad_alloc();
        path_ = pattern;
    }
    ~scratch_directory() { std::filesystem::remove_all(path_); }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;

    endpoint at(const std::string& name) const { return endpoint::path((path_ / name).native()); }
    const std::filesystem::path& path() const { return path_; }
    bool is_empty() const { return std::filesystem::is_empty(path_); }

private:
    std::filesystem::path path_;
};

struct names_fixture : context_fixture {
    scratch_directory files;

    // Both kinds, where there are two.
    std::vector<endpoint> some_endpoints() const {
        std::vector<endpoint> all{files.at("socket"), endpoint::generate_path()};
        if (endpoint::generate().what() == endpoint::kind::abstract_name)
            all.push_back(endpoint::generate());
        return all;
    }
};

// A connection of somebody who does not use strait.
inline handle raw_connection(const endpoint& at) {
    error_code ec;
    handle h = os::connect_to(at, ec);
    BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    return h;
}

inline void raw_write(const handle& to, const void* data, std::size_t bytes) {
    BOOST_TEST(::send(to.native_handle(), data, bytes, MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes));
}

// Everything that comes until the end of the connection.
inline std::string raw_read_all(const handle& from) {
    std::string all;
    char part[512];
    for (;;) {
        const auto n = ::recv(from.native_handle(), part, sizeof(part), 0);
        if (n <= 0) return all;
        all.append(part, static_cast<std::size_t>(n));
    }
}

// Whether the other side has closed it, or has written to it.
inline bool is_readable(const handle& h) {
    pollfd p{h.native_handle(), POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
}

inline std::string text_of(const detail::byte_buffer& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class T>
detail::channel_identity identity_for() {
    const auto type = detail::identity_of<T>();
    detail::channel_identity c;
    c.fingerprint = type.fingerprint;
    c.type_name = type.name;
    return c;
}

// Another process that connects and sends the numbers from 1 to `count`, then ends.
inline child_process sending_client(const endpoint& at, int count) {
    return child_process("names_send", {at.to_string(), std::to_string(count)});
}

// Another process that connects and holds on until it is killed.
inline child_process holding_client(const endpoint& at) {
    return child_process("names_hold", {at.to_string()});
}

}  // namespace strait::test

#endif
