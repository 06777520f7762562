//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_MESSAGE_LINE_HPP
#define STRAIT_LIB_LINK_MESSAGE_LINE_HPP

#include <strait/detail/wire/incoming_message.hpp>

#include <boost/circular_buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace strait::detail {

// Messages in the order in which they are given out. Its memory grows and is used again: messages
// that come and go allocate nothing.
class message_line {
public:
    bool empty() const noexcept { return buffer_.empty(); }
    std::size_t size() const noexcept { return buffer_.size(); }
    incoming_message& front() noexcept { return buffer_.front(); }
    auto begin() noexcept { return buffer_.begin(); }
    auto end() noexcept { return buffer_.end(); }
    auto begin() const noexcept { return buffer_.begin(); }
    auto end() const noexcept { return buffer_.end(); }

    // Room for one more, which then needs no memory.
    void make_room() {
        if (buffer_.full()) buffer_.set_capacity(std::max<std::size_t>(2, 2 * buffer_.capacity()));
    }

    incoming_message& push_back(incoming_message message) {
        make_room();
        buffer_.push_back(std::move(message));
        return buffer_.back();
    }
    void push_front(incoming_message message) {
        make_room();
        buffer_.push_front(std::move(message));
    }
    void pop_front() noexcept { buffer_.pop_front(); }
    void clear() noexcept { buffer_.clear(); }
    void swap(message_line& other) noexcept { buffer_.swap(other.buffer_); }

private:
    boost::circular_buffer<incoming_message> buffer_;
};

}  // namespace strait::detail

#endif
