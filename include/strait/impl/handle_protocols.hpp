//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_IMPL_HANDLE_PROTOCOLS_HPP
#define STRAIT_IMPL_HANDLE_PROTOCOLS_HPP

#include <strait/impl/handle_facts.hpp>

#include <boost/asio/generic/datagram_protocol.hpp>
#include <boost/asio/generic/seq_packet_protocol.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <optional>

// Which value of a protocol type describes a socket, if any does.

namespace strait::detail {

inline bool is_internet(const socket_facts& facts, int type, int protocol) noexcept {
    return (facts.domain == AF_INET || facts.domain == AF_INET6) && facts.type == type &&
           facts.protocol == protocol;
}

template <class InternetProtocol>
InternetProtocol version_of(const socket_facts& facts) noexcept {
    return facts.domain == AF_INET6 ? InternetProtocol::v6() : InternetProtocol::v4();
}

// Undefined for protocols that nobody has taught us: add a specialisation.
template <class Protocol>
struct socket_protocol;

template <>
struct socket_protocol<boost::asio::ip::tcp> {
    static std::optional<boost::asio::ip::tcp> from(const socket_facts& facts) noexcept {
        if (!is_internet(facts, SOCK_STREAM, IPPROTO_TCP)) return std::nullopt;
        return version_of<boost::asio::ip::tcp>(facts);
    }
};

template <>
struct socket_protocol<boost::asio::ip::udp> {
    static std::optional<boost::asio::ip::udp> from(const socket_facts& facts) noexcept {
        if (!is_internet(facts, SOCK_DGRAM, IPPROTO_UDP)) return std::nullopt;
        return version_of<boost::asio::ip::udp>(facts);
    }
};

template <class Protocol, int Type>
struct local_socket_protocol {
    static std::optional<Protocol> from(const socket_facts& facts) noexcept {
        if (facts.domain != AF_UNIX || facts.type != Type) return std::nullopt;
        return Protocol();
    }
};

template <>
struct socket_protocol<boost::asio::local::stream_protocol>
    : local_socket_protocol<boost::asio::local::stream_protocol, SOCK_STREAM> {};

template <>
struct socket_protocol<boost::asio::local::datagram_protocol>
    : local_socket_protocol<boost::asio::local::datagram_protocol, SOCK_DGRAM> {};

template <class Protocol, int Type>
struct generic_socket_protocol {
    static std::optional<Protocol> from(const socket_facts& facts) noexcept {
        if (facts.type != Type) return std::nullopt;
        return Protocol(facts.domain, facts.protocol);
    }
};

template <>
struct socket_protocol<boost::asio::generic::stream_protocol>
    : generic_socket_protocol<boost::asio::generic::stream_protocol, SOCK_STREAM> {};

template <>
struct socket_protocol<boost::asio::generic::datagram_protocol>
    : generic_socket_protocol<boost::asio::generic::datagram_protocol, SOCK_DGRAM> {};

template <>
struct socket_protocol<boost::asio::generic::seq_packet_protocol>
    : generic_socket_protocol<boost::asio::generic::seq_packet_protocol, SOCK_SEQPACKET> {};

}  // namespace strait::detail

#endif
