//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ATTACHMENTS_HPP
#define STRAIT_DETAIL_ATTACHMENTS_HPP

#include <strait/detail/config.hpp>
#include <strait/detail/payload.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

// How the codec speaks of what travels beside the bytes, without knowing links: while a value is
// encoded each attachment is handed to an attachment_writer and the index that it returns is
// written among the bytes; while decoding, the index is read back and given to an
// attachment_reader. Both throw system_error.

namespace strait {

class handle;

namespace detail {

class sender_core;
class receiver_core;
class region;

// What identifies the message type of a channel: the fingerprint decides, the name is for people.
struct type_identity {
    std::uint64_t fingerprint = 0;
    std::string_view name;
    bool is_any = false;  // asked for: whatever the type is
};

class attachment_writer {
public:
    virtual std::uint32_t add(const handle& h) = 0;
    virtual std::uint32_t add(const std::shared_ptr<sender_core>& sender) = 0;
    virtual std::uint32_t add(const std::shared_ptr<receiver_core>& receiver) = 0;
    virtual std::uint32_t add(const std::shared_ptr<const region>& memory) = 0;

    // Nothing: the bytes are to be written into the message. The owner is taken if it was given up with
    // the value, and goes as it is.
    virtual std::optional<std::uint32_t> add(
        std::shared_ptr<payload>& owner, std::span<const std::byte> bytes) = 0;

protected:
    ~attachment_writer() = default;
};

class attachment_reader {
public:
    // A handle or a receiver can be taken once, a sender any number of times: each time gives one
    // more sender; a region and a payload any number of times: always the same.
    virtual handle take_handle(std::uint32_t index) = 0;
    virtual std::shared_ptr<sender_core> take_sender(
        std::uint32_t index, const type_identity& expected) = 0;
    virtual std::shared_ptr<receiver_core> take_receiver(
        std::uint32_t index, const type_identity& expected) = 0;
    virtual std::shared_ptr<const region> take_region(std::uint32_t index) = 0;
    virtual payload_part take_payload(std::uint32_t index) = 0;

protected:
    ~attachment_reader() = default;
};

}  // namespace detail
}  // namespace strait

#endif
