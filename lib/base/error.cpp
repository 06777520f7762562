//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/error.hpp>

#include <boost/asio/error.hpp>

namespace strait {

namespace asio = boost::asio;

namespace {

const char* text(error e) noexcept {
    switch (e) {
    case error::message_too_large: return "message too large";
    case error::too_many_handles: return "too many handles in one message";
    case error::empty_end: return "an empty end or handle cannot be sent";
    case error::not_open: return "the end is not open";
    case error::not_bound: return "the end has no executor";
    case error::own_receiver: return "a receiver cannot be sent through its own channel";
    case error::not_movable: return "a receiver cannot be moved out of a const value";
    case error::owner_changed: return "the end belongs to the process before the fork";
    case error::bad_message: return "the message does not decode";
    case error::bad_attachment: return "an attachment of the message is missing or wrong";
    case error::handles_lost: return "handles of the message were lost";
    case error::type_mismatch: return "the peer has another message type";
    case error::version_mismatch: return "the peer has another protocol version";
    case error::unsupported_class_version: return "a class has a newer version than is known";
    case error::protocol_violation: return "the peer broke the protocol";
    case error::too_many_links: return "too many links to one receiver";
    case error::no_inherited_ends: return "no ends were handed to this process";
    case error::no_such_end: return "no such end was handed to this process";
    case error::wrong_handle_kind: return "the handle holds something else";
    case error::empty_set: return "the set has no receivers";
    case error::in_process_end: return "the end cannot leave the process";
    }
    return "unknown strait error";
}

bool is_disconnected(const error_code& ec) noexcept {
    return ec == asio::error::eof || ec == asio::error::broken_pipe ||
           ec == asio::error::connection_reset;
}

bool is_violation(const error_code& ec) noexcept {
    return ec == error::protocol_violation || ec == error::bad_message ||
           ec == error::bad_attachment || ec == error::type_mismatch ||
           ec == error::version_mismatch || ec == error::unsupported_class_version;
}

bool is_limit(const error_code& ec) noexcept {
    return ec == error::message_too_large || ec == error::too_many_handles ||
           ec == error::too_many_links || ec == error::handles_lost ||
           ec == asio::error::no_buffer_space ||
           ec == boost::system::errc::too_many_files_open ||
           ec == boost::system::errc::too_many_files_open_in_system;
}

class category final : public boost::system::error_category {
public:
    constexpr category() noexcept : error_category(0x5f1a'9c3e'7b20'd841) {}
    const char* name() const noexcept override { return "strait"; }
    std::string message(int value) const override { return text(static_cast<error>(value)); }
};

class conditions final : public boost::system::error_category {
public:
    constexpr conditions() noexcept : error_category(0x2c77'e0b9'4d15'a6f2) {}
    const char* name() const noexcept override { return "strait.condition"; }

    std::string message(int value) const override {
        switch (static_cast<condition>(value)) {
        case condition::disconnected: return "the other side of the channel is gone";
        case condition::protocol_violation: return "the peer sent what it should not have";
        case condition::limit: return "a limit was reached";
        }
        return "unknown strait condition";
    }

    bool equivalent(const error_code& ec, int value) const noexcept override {
        switch (static_cast<condition>(value)) {
        case condition::disconnected: return is_disconnected(ec);
        case condition::protocol_violation: return is_violation(ec);
        case condition::limit: return is_limit(ec);
        }
        return false;
    }
};

}  // namespace

const boost::system::error_category& error_category() noexcept {
    static constexpr category instance;
    return instance;
}

const boost::system::error_category& condition_category() noexcept {
    static constexpr conditions instance;
    return instance;
}

bool is_fatal(const error_code& ec) noexcept {
    return is_disconnected(ec) || ec == error::not_open || ec == error::owner_changed;
}

}  // namespace strait
