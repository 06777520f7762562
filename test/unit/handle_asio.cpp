//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/handle_asio.hpp>

#include "unit/descriptors.hpp"

#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

BOOST_TEST_DONT_PRINT_LOG_VALUE(strait::handle_kind)

namespace asio = boost::asio;
using namespace strait::test;

namespace {

using strait::error_code;
using strait::handle_kind;
using tcp = asio::ip::tcp;
using local_socket = asio::local::stream_protocol::socket;

// What is written into one end comes out of the other.
template <class Writer, class Reader>
void check_connected(Writer& writer, Reader& reader) {
    asio::write(writer, asio::buffer("ping", 4));
    std::string text(4, ' ');
    asio::read(reader, asio::buffer(text));
    BOOST_TEST(text == "ping");
}

// Hands the handle to an Object, which must refuse it and leave the handle as it was.
template <class Object>
void check_refused(strait::handle& h) {
    asio::io_context context;
    const int native = h.native_handle();
    error_code ec;
    const Object object = h.into<Object>(context, ec);
    BOOST_TEST(ec == make_error_code(strait::error::wrong_handle_kind));
    BOOST_TEST(!object.is_open());
    BOOST_TEST(h.native_handle() == native);
    BOOST_TEST(::fcntl(native, F_GETFD) != -1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handle_asio)

BOOST_AUTO_TEST_CASE(a_local_socket_goes_out_of_asio_and_back) {
    asio::io_context context;
    local_socket a(context), b(context);
    asio::local::connect_pair(a, b);
    BOOST_TEST(!is_close_on_exec(a.native_handle()));
    strait::handle h = strait::handle::from(std::move(a));
    BOOST_TEST(!a.is_open());
    BOOST_TEST(is_close_on_exec(h.native_handle()));
    asio::io_context other;
    auto again = h.into<local_socket>(other.get_executor());
    BOOST_TEST(!h.is_open());
    check_connected(again, b);
    check_connected(b, again);
}

BOOST_AUTO_TEST_CASE(what_asio_made_non_blocking_is_blocking_again) {
    asio::io_context context;
    local_socket a(context), b(context);
    asio::local::connect_pair(a, b);
    error_code of_wait;
    a.async_wait(local_socket::wait_read, [&](error_code ec) { of_wait = ec; });
    BOOST_TEST(is_non_blocking(a.native_handle()));
    const strait::handle h = strait::handle::from(std::move(a));
    BOOST_TEST(!is_non_blocking(h.native_handle()));
    context.run();
    BOOST_TEST(of_wait == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(what_the_user_made_non_blocking_stays_so) {
    asio::io_context context;
    local_socket a(context), b(context);
    asio::local::connect_pair(a, b);
    a.non_blocking(true);
    a.native_non_blocking(true);
    BOOST_TEST(is_non_blocking(strait::handle::from(std::move(a)).native_handle()));
}

BOOST_AUTO_TEST_CASE(a_closed_object_gives_no_handle) {
    asio::io_context context;
    error_code ec;
    BOOST_TEST(!strait::handle::from(tcp::socket(context), ec).is_open());
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
    BOOST_TEST(!strait::handle::from(asio::readable_pipe(context), ec).is_open());
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
    BOOST_TEST(!strait::handle::from(asio::posix::stream_descriptor(context), ec).is_open());
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
    BOOST_CHECK_THROW(strait::handle::from(tcp::socket(context)), strait::system_error);
}

BOOST_AUTO_TEST_CASE(an_empty_handle_gives_no_object) {
    strait::handle h;
    asio::io_context context;
    error_code ec;
    BOOST_TEST(!h.into<tcp::socket>(context, ec).is_open());
    BOOST_TEST(ec == make_error_code(strait::error::not_open));
    BOOST_CHECK_THROW(h.into<tcp::socket>(context), strait::system_error);
}

BOOST_AUTO_TEST_CASE(a_tcp_acceptor_and_its_socket_go_out_of_asio_and_back) {
    asio::io_context context;
    tcp::acceptor listening(context, {asio::ip::address_v4::loopback(), 0});
    strait::handle h = strait::handle::from(std::move(listening));
    BOOST_TEST(h.kind() == handle_kind::listening_socket);
    auto acceptor = h.into<tcp::acceptor>(context);
    tcp::socket client(context);
    client.connect(acceptor.local_endpoint());
    strait::handle accepted = strait::handle::from(acceptor.accept());
    auto server = accepted.into<tcp::socket>(context);
    BOOST_TEST(server.local_endpoint().address().is_v4());
    check_connected(client, server);
    strait::handle generic = strait::handle::from(std::move(server));
    auto stream = generic.into<asio::generic::stream_protocol::socket>(context);
    check_connected(client, stream);
}

BOOST_AUTO_TEST_CASE(an_ipv6_socket_is_taken_as_one) {
    asio::io_context context;
    strait::handle native(::socket(AF_INET6, SOCK_DGRAM, 0));
    if (!native.is_open()) {
        BOOST_TEST_MESSAGE("no IPv6 here");
        return;
    }
    auto socket = native.into<asio::ip::udp::socket>(context);
    socket.bind({asio::ip::udp::v6(), 0});
    BOOST_TEST(socket.local_endpoint().address().is_v6());
}

BOOST_AUTO_TEST_CASE(a_udp_socket_goes_out_of_asio_and_back) {
    using udp = asio::ip::udp;
    asio::io_context context;
    udp::socket bound(context, {asio::ip::address_v4::loopback(), 0});
    const udp::endpoint here = bound.local_endpoint();
    strait::handle h = strait::handle::from(std::move(bound));
    auto receiver = h.into<udp::socket>(context);
    udp::socket sender(context, udp::v4());
    sender.send_to(asio::buffer("ping", 4), here);
    std::string text(16, ' ');
    text.resize(receiver.receive(asio::buffer(text)));
    BOOST_TEST(text == "ping");
}

BOOST_AUTO_TEST_CASE(pipes_go_out_of_asio_and_back) {
    asio::io_context context;
    asio::readable_pipe reader(context);
    asio::writable_pipe writer(context);
    asio::connect_pipe(reader, writer);
    char byte = 0;
    reader.async_read_some(asio::buffer(&byte, 1), [](error_code, std::size_t) {});
    strait::handle read_end = strait::handle::from(std::move(reader));
    strait::handle write_end = strait::handle::from(std::move(writer));
    BOOST_TEST(!is_non_blocking(read_end.native_handle()));
    BOOST_TEST(is_close_on_exec(read_end.native_handle()));
    auto reader_again = read_end.into<asio::readable_pipe>(context);
    auto writer_again = write_end.into<asio::writable_pipe>(context);
    check_connected(writer_again, reader_again);
}

BOOST_AUTO_TEST_CASE(a_pipe_turns_into_stream_descriptors_and_back) {
    asio::io_context context;
    auto [read_end, write_end] = make_plain_pipe();
    auto reader = read_end.into<asio::posix::stream_descriptor>(context);
    auto writer = write_end.into<asio::posix::stream_descriptor>(context);
    check_connected(writer, reader);
    const strait::handle h = strait::handle::from(std::move(reader));
    BOOST_TEST(h.kind() == handle_kind::pipe);
    BOOST_TEST(is_close_on_exec(h.native_handle()));
}

BOOST_AUTO_TEST_CASE(the_wrong_thing_is_refused_and_stays_where_it_was) {
    auto [reader, writer] = make_plain_pipe();
    auto [stream, stream_peer] = make_socket_pair(SOCK_STREAM);
    auto [datagram, datagram_peer] = make_socket_pair(SOCK_DGRAM);
    strait::handle tcp_socket = internet_socket(SOCK_STREAM);
    strait::handle tcp_listener = internet_socket(SOCK_STREAM, true);
    strait::handle udp_socket = internet_socket(SOCK_DGRAM);
    strait::handle file = temporary_file();
    strait::handle directory = open_path("/", O_RDONLY);
    for (strait::handle* h : {&reader, &stream, &datagram, &tcp_listener, &udp_socket, &file}) {
        check_refused<tcp::socket>(*h);
    }
    for (strait::handle* h : {&reader, &stream, &tcp_socket, &udp_socket, &directory}) {
        check_refused<tcp::acceptor>(*h);
    }
    for (strait::handle* h : {&reader, &datagram, &tcp_socket, &tcp_listener, &file}) {
        check_refused<local_socket>(*h);
        check_refused<asio::ip::udp::socket>(*h);
    }
    for (strait::handle* h : {&stream, &tcp_socket, &udp_socket}) {
        check_refused<asio::local::datagram_protocol::socket>(*h);
    }
    for (strait::handle* h : {&writer, &stream, &file, &directory}) {
        check_refused<asio::readable_pipe>(*h);
    }
    check_refused<asio::writable_pipe>(reader);
    for (strait::handle* h : {&datagram, &tcp_listener, &file, &directory}) {
        check_refused<asio::posix::stream_descriptor>(*h);
    }
    asio::io_context context;
    BOOST_CHECK_THROW(file.into<tcp::socket>(context), strait::system_error);
    BOOST_TEST(file.is_open());
}

BOOST_AUTO_TEST_SUITE_END()
