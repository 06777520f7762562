//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/handle.hpp>

#include "unit/descriptors.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstdio>
#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#include <sys/mman.h>
#endif

BOOST_TEST_DONT_PRINT_LOG_VALUE(strait::handle_kind)

using namespace strait::test;

namespace {

using strait::error_code;
using strait::handle_kind;

bool peer_sees_end(const strait::handle& pipe_read_end) {
    char byte = 0;
    return ::read(pipe_read_end.native_handle(), &byte, 1) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handle)

static_assert(std::is_nothrow_move_constructible_v<strait::handle>);
static_assert(std::is_nothrow_move_assignable_v<strait::handle>);
static_assert(!std::is_copy_constructible_v<strait::handle>);

BOOST_AUTO_TEST_CASE(an_empty_handle_is_of_no_kind_and_gives_nothing) {
    strait::handle h;
    error_code ec;
    BOOST_TEST(!h.is_open());
    BOOST_TEST(h.kind() == handle_kind::none);
    BOOST_TEST(!h.duplicate(ec).is_open());
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
    BOOST_TEST(!h.into_file("r", ec));
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
    BOOST_CHECK_THROW(h.duplicate(), strait::system_error);
    BOOST_CHECK_THROW(h.into_file("r"), strait::system_error);
    h.close();
}

BOOST_AUTO_TEST_CASE(a_dropped_handle_is_closed) {
    auto [reader, writer] = make_plain_pipe();
    { const strait::handle dropped = std::move(writer); }
    BOOST_TEST(peer_sees_end(reader));
}

BOOST_AUTO_TEST_CASE(an_assigned_handle_closes_what_it_held) {
    auto [reader, writer] = make_plain_pipe();
    writer = strait::handle();
    BOOST_TEST(peer_sees_end(reader));
}

BOOST_AUTO_TEST_CASE(a_released_handle_stays_open) {
    strait::handle h = open_path("/dev/null", O_RDONLY);
    const int native = h.release();
    BOOST_TEST(!h.is_open());
    BOOST_TEST(::close(native) == 0);
}

BOOST_AUTO_TEST_CASE(close_leaves_errno_alone) {
    strait::handle h(1 << 20);
    errno = ERANGE;
    h.close();
    BOOST_TEST(errno == ERANGE);
}

BOOST_AUTO_TEST_CASE(a_duplicate_is_the_same_thing_and_close_on_exec) {
    auto [reader, writer] = make_plain_pipe();
    BOOST_TEST(!is_close_on_exec(writer.native_handle()));
    const strait::handle copy = writer.duplicate();
    BOOST_TEST(is_close_on_exec(copy.native_handle()));
    writer.close();
    BOOST_TEST(::write(copy.native_handle(), "x", 1) == 1);
    char byte = 0;
    BOOST_TEST(::read(reader.native_handle(), &byte, 1) == 1);
    const strait::handle other = strait::handle::duplicate_of(reader.native_handle());
    BOOST_TEST(is_close_on_exec(other.native_handle()));
    BOOST_TEST(reader.is_open());
    error_code ec;
    BOOST_TEST(!strait::handle::duplicate_of(-1, ec).is_open());
    BOOST_TEST(ec.value() == EBADF);
    BOOST_CHECK_THROW(strait::handle::duplicate_of(-1), strait::system_error);
}

BOOST_AUTO_TEST_CASE(the_kind_is_told) {
    const auto [reader, writer] = make_plain_pipe();
    const auto [stream, stream_peer] = make_socket_pair(SOCK_STREAM);
    const auto [datagram, datagram_peer] = make_socket_pair(SOCK_DGRAM);
    BOOST_TEST(open_path("/", O_RDONLY).kind() == handle_kind::directory);
    BOOST_TEST(open_path("/dev/null", O_RDONLY).kind() == handle_kind::character_device);
    BOOST_TEST(open_path("/proc/self/maps", O_RDONLY).kind() == handle_kind::file);
    BOOST_TEST(reader.kind() == handle_kind::pipe);
    BOOST_TEST(writer.kind() == handle_kind::pipe);
    BOOST_TEST(stream.kind() == handle_kind::stream_socket);
    BOOST_TEST(datagram.kind() == handle_kind::datagram_socket);
    BOOST_TEST(internet_socket(SOCK_STREAM).kind() == handle_kind::stream_socket);
    BOOST_TEST(internet_socket(SOCK_DGRAM).kind() == handle_kind::datagram_socket);
    BOOST_TEST(internet_socket(SOCK_STREAM, true).kind() == handle_kind::listening_socket);
    error_code ec;
    strait::handle closed(1 << 20);
    BOOST_TEST(closed.kind(ec) == handle_kind::other);
    BOOST_TEST(ec.value() == EBADF);
    BOOST_CHECK_THROW(closed.kind(), strait::system_error);
}

#if defined(__linux__)
BOOST_AUTO_TEST_CASE(the_kind_of_linux_things_is_told) {
    const auto [packet, packet_peer] = make_socket_pair(SOCK_SEQPACKET);
    BOOST_TEST(packet.kind() == handle_kind::packet_socket);
    BOOST_TEST(strait::handle(::eventfd(0, EFD_CLOEXEC)).kind() == handle_kind::other);
    const strait::handle memory(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
#if defined(STRAIT_FORCE_PORTABLE)
    BOOST_TEST(memory.kind() == handle_kind::file);
#else
    BOOST_TEST(memory.kind() == handle_kind::memory);
#endif
}
#endif

BOOST_AUTO_TEST_CASE(a_handle_turns_into_a_file_and_a_file_gives_a_handle) {
    strait::handle h = temporary_file();
    const strait::unique_file file = h.into_file("w+");
    BOOST_REQUIRE(file);
    BOOST_TEST(!h.is_open());
    BOOST_TEST(std::fputs("not yet flushed", file.get()) >= 0);
    const strait::handle copy = strait::handle::duplicate_of(file.get());
    BOOST_TEST(is_close_on_exec(copy.native_handle()));
    struct stat status {};
    BOOST_REQUIRE_EQUAL(::fstat(copy.native_handle(), &status), 0);
    BOOST_TEST(status.st_size == 15);
}

BOOST_AUTO_TEST_CASE(a_file_without_descriptor_gives_no_handle) {
    char memory[16];
    const strait::unique_file file(::fmemopen(memory, sizeof(memory), "w"));
    error_code ec;
    BOOST_TEST(!strait::handle::duplicate_of(file.get(), ec).is_open());
    BOOST_TEST(ec.value() == EBADF);
    BOOST_CHECK_THROW(strait::handle::duplicate_of(file.get()), strait::system_error);
}

BOOST_AUTO_TEST_CASE(a_handle_is_kept_when_it_makes_no_file) {
    strait::handle directory = open_path("/", O_RDONLY);
    strait::handle listener = internet_socket(SOCK_STREAM, true);
    strait::handle readable = open_path("/dev/null", O_RDONLY);
    error_code ec;
    BOOST_TEST(!directory.into_file("r", ec));
    BOOST_TEST(ec == make_error_code(strait::error::wrong_handle_kind));
    BOOST_TEST(!listener.into_file("r", ec));
    BOOST_TEST(ec == make_error_code(strait::error::wrong_handle_kind));
    BOOST_TEST(!readable.into_file("no mode", ec));
    BOOST_TEST(ec.value() == EINVAL);
    BOOST_TEST(!readable.into_file("w", ec));
    BOOST_TEST(ec.value() == EINVAL);
    for (const strait::handle* h : {&directory, &listener, &readable})
        BOOST_TEST(h->is_open());
    BOOST_TEST(readable.into_file("r", ec).get() != nullptr);
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_SUITE_END()
