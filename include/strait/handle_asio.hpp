//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_HANDLE_ASIO_HPP
#define STRAIT_HANDLE_ASIO_HPP

#include <strait/handle.hpp>
#include <strait/impl/handle_facts.hpp>
#include <strait/impl/handle_protocols.hpp>

#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/basic_readable_pipe.hpp>
#include <boost/asio/basic_seq_packet_socket.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_writable_pipe.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

// With this header `handle::from` and `handle::into` know the I/O objects of Asio:
//
//     auto h = strait::handle::from(std::move(socket));
//     auto s = h.into<boost::asio::ip::tcp::socket>(context);
//
// TCP, UDP, local and generic sockets and acceptors, pipes and stream descriptors, each with any
// executor.

namespace strait {

namespace detail {

// Whether Asio made the descriptor non-blocking for its own sake: the user did not ask for it. The
// pipes do not tell.
template <class Object>
bool made_non_blocking_by_asio(Object& object) noexcept {
    if constexpr (requires { object.native_non_blocking(); }) {
        return object.native_non_blocking() && !object.non_blocking();
    } else {
        return true;
    }
}

template <class Object>
handle release_asio_object(Object& object, error_code& ec) {
    if (!object.is_open()) {
        ec = error::not_open;
        return handle();
    }
    ec = {};
    // Released first: while operations wait, a blocking descriptor would block the reactor.
    const bool make_blocking = made_non_blocking_by_asio(object);
    handle h;
    if constexpr (requires { object.release(ec); }) {
        h = handle(object.release(ec));
    } else {
        h = handle(object.release());
    }
    if (!ec) set_close_on_exec(h.native_handle(), ec);
    if (!ec && make_blocking) set_blocking(h.native_handle(), ec);
    if (ec) h.close();
    return h;
}

template <class Socket, bool Listening>
struct socket_handle_traits {
    static handle release(Socket& socket, error_code& ec) {
        return release_asio_object(socket, ec);
    }

    static void assign(Socket& socket, int native, error_code& ec) {
        const socket_facts facts = facts_of_socket(native, ec);
        if (ec) return;
        const auto protocol = socket_protocol<typename Socket::protocol_type>::from(facts);
        if (!protocol || facts.listening != Listening) {
            ec = error::wrong_handle_kind;
            return;
        }
        socket.assign(*protocol, native, ec);
    }
};

// An end of a pipe; Writable says which.
template <class Pipe, bool Writable>
struct pipe_handle_traits {
    static handle release(Pipe& pipe, error_code& ec) { return release_asio_object(pipe, ec); }

    static void assign(Pipe& pipe, int native, error_code& ec) {
        const handle_kind kind = kind_of(native, ec);
        if (ec) return;
        const open_mode mode = mode_of(native, ec);
        if (ec) return;
        if (kind != handle_kind::pipe || !(Writable ? mode.writable : mode.readable)) {
            ec = error::wrong_handle_kind;
            return;
        }
        pipe.assign(native, ec);
    }
};

}  // namespace detail

template <class Protocol, class Executor>
struct handle_traits<boost::asio::basic_stream_socket<Protocol, Executor>>
    : detail::socket_handle_traits<boost::asio::basic_stream_socket<Protocol, Executor>, false> {};

template <class Protocol, class Executor>
struct handle_traits<boost::asio::basic_datagram_socket<Protocol, Executor>>
    : detail::socket_handle_traits<boost::asio::basic_datagram_socket<Protocol, Executor>, false> {
};

template <class Protocol, class Executor>
struct handle_traits<boost::asio::basic_seq_packet_socket<Protocol, Executor>>
    : detail::socket_handle_traits<
          boost::asio::basic_seq_packet_socket<Protocol, Executor>, false> {};

template <class Protocol, class Executor>
struct handle_traits<boost::asio::basic_socket_acceptor<Protocol, Executor>>
    : detail::socket_handle_traits<boost::asio::basic_socket_acceptor<Protocol, Executor>, true> {};

template <class Executor>
struct handle_traits<boost::asio::basic_readable_pipe<Executor>>
    : detail::pipe_handle_traits<boost::asio::basic_readable_pipe<Executor>, false> {};

template <class Executor>
struct handle_traits<boost::asio::basic_writable_pipe<Executor>>
    : detail::pipe_handle_traits<boost::asio::basic_writable_pipe<Executor>, true> {};

/// A stream descriptor takes a pipe, a stream socket, a character device, and what is `other`:
/// that may still refuse to be waited for. It does not take files, since a reactor cannot wait for
/// them.
template <class Executor>
struct handle_traits<boost::asio::posix::basic_stream_descriptor<Executor>> {
    using descriptor_type = boost::asio::posix::basic_stream_descriptor<Executor>;

    static handle release(descriptor_type& descriptor, error_code& ec) {
        return detail::release_asio_object(descriptor, ec);
    }

    static void assign(descriptor_type& descriptor, int native, error_code& ec) {
        switch (detail::kind_of(native, ec)) {
            case handle_kind::pipe:
            case handle_kind::stream_socket:
            case handle_kind::character_device:
            case handle_kind::other:
                if (!ec) descriptor.assign(native, ec);
                return;
            default:
                ec = error::wrong_handle_kind;
        }
    }
};

}  // namespace strait

#endif
