//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LOAN_HPP
#define STRAIT_LOAN_HPP

#include <strait/detail/codec/attachment.hpp>
#include <strait/detail/codec/encodable.hpp>
#include <strait/detail/payload.hpp>
#include <strait/shared_memory.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace strait {

struct bytes;

template <class T, class Executor>
class basic_sender;

/// Memory of a channel, to be filled in place and sent without a copy: what `basic_sender::allocate`,
/// `allocate_for` and `async_allocate` give.
///
/// It is a block of the pool of the sender's link as long as there is a free one, or one is waited for, and
/// memory of the heap otherwise, which is copied when it is sent. Blocks are used again, so that a loan costs the
/// same few microseconds whatever its size, once the channel is warm. What is not overwritten is
/// what the block held before: fill all of it.
///
/// A sender of `bytes` sends a loan of `std::byte` as its message. In other messages a loan travels as
/// a `shared_span`, which it turns into.
///
/// *Ownership*: movable, not copyable; dropped unsent it goes back to the pool. While loans are held the
/// pool has that much less: hold few.
///
/// *Thread safety*: distinct objects are safe, a shared object is as safe as an array. It may outlive
/// its sender.
template <shareable T = std::byte>
class loan {
public:
    using value_type = T;

    /// Constructs an empty loan.
    loan() noexcept = default;

    loan(loan&& other) noexcept
        : owner_(std::move(other.owner_)), span_(std::exchange(other.span_, {})) {}
    loan& operator=(loan&& other) noexcept {
        owner_ = std::move(other.owner_);
        span_ = std::exchange(other.span_, {});
        return *this;
    }

    /// The objects, valid until the loan is sent, moved from or gone. A loan is a contiguous range of
    /// them.
    std::span<T> span() const noexcept { return span_; }
    T* data() const noexcept { return span_.data(); }
    std::size_t size() const noexcept { return span_.size(); }
    bool empty() const noexcept { return span_.empty(); }
    T& operator[](std::size_t i) const noexcept { return span_[i]; }
    auto begin() const noexcept { return span_.begin(); }
    auto end() const noexcept { return span_.end(); }

    /// Gives up all but the first `count` objects. There must be so many.
    void truncate(std::size_t count) noexcept { span_ = span_.first(count); }

private:
    template <class, class>
    friend class basic_sender;
    template <shareable>
    friend class shared_span;
    friend struct detail::end_access;

    loan(std::shared_ptr<detail::payload> owner, std::span<T> all) noexcept
        : owner_(std::move(owner)), span_(all) {}

    detail::payload_part part() const noexcept { return {owner_, std::as_bytes(span_)}; }

    std::shared_ptr<detail::payload> owner_;
    std::span<T> span_;
};

/// Read-only objects that a message brought, where they lie: a member of messages in the place of a
/// `std::vector<T>`, without the copy out of shared memory that a vector costs its receiver.
///
///     struct picture {
///         std::uint32_t width = 0;
///         strait::shared_span<std::uint8_t> pixels;
///     };
///
///     auto pixels = tx.template allocate<std::uint8_t>(n);   // filled in place
///     picture p{width, std::move(pixels)};
///     tx.send(std::move(p));                                 // nothing is copied
///     picture got = rx.recv();                               // nor here
///
/// The memory of what was received is that of the channel, and goes back to it with the last
/// `shared_span` that refers to it. Holding them does not hold up the channel: when its pool runs
/// short, memory that is held is left to its holder, and others take its place.
///
/// *Sending.* Without a copy goes what a loan of a sender of that channel in this process has become, if
/// nothing else refers to it and the value is given as rvalue. Everything else is copied, into a block if it has
/// `limits::min_pooled_bytes` or more; what comes in another way arrives as a copy in the heap.
///
/// *From a peer.* The memory is all there and stays so, but a hostile peer can go on writing to it:
/// read what matters once, or copy it first. The bytes may be any, and be no valid `T` at all.
///
/// *Ownership*: copyable, as cheap as a `std::shared_ptr`.
///
/// *Thread safety*: distinct objects are safe, also of the same memory; a shared object is safe while it
/// is only read. It may outlive the channel.
template <shareable T = std::byte>
class shared_span {
public:
    using element_type = const T;
    using value_type = T;

    /// Constructs an empty span.
    shared_span() noexcept = default;

    /// Takes over a loan, which is empty then.
    shared_span(loan<T>&& from) noexcept
        : owner_(std::move(from.owner_)), span_(std::exchange(from.span_, {})) {}

    shared_span(const shared_span&) noexcept = default;
    shared_span& operator=(const shared_span&) noexcept = default;
    shared_span(shared_span&& other) noexcept
        : owner_(std::move(other.owner_)), span_(std::exchange(other.span_, {})) {}
    shared_span& operator=(shared_span&& other) noexcept {
        owner_ = std::move(other.owner_);
        span_ = std::exchange(other.span_, {});
        return *this;
    }

    /// A copy of these objects, in the heap. *Exceptions*: `std::bad_alloc`.
    static shared_span copy_of(std::span<const T> content) {
        return shared_span(detail::copy_payload(std::as_bytes(content)));
    }

    /// The user's own objects, to be sent without a vector of them: they must live, unchanged, as long
    /// as anything refers to them here. Sent, they are copied when the send begins.
    static shared_span refer_to(std::span<const T> content) noexcept {
        shared_span s;
        s.span_ = content;
        return s;
    }

    /// The objects, valid as long as this object or another one of the same memory lives. It is a
    /// contiguous range of them.
    std::span<const T> span() const noexcept { return span_; }
    const T* data() const noexcept { return span_.data(); }
    std::size_t size() const noexcept { return span_.size(); }
    std::size_t size_bytes() const noexcept { return span_.size_bytes(); }
    bool empty() const noexcept { return span_.empty(); }
    const T& operator[](std::size_t i) const noexcept { return span_[i]; }
    auto begin() const noexcept { return span_.begin(); }
    auto end() const noexcept { return span_.end(); }

    /// A part of this, which keeps all of the memory. There must be so many objects.
    shared_span subspan(
        std::size_t offset, std::size_t count = std::dynamic_extent) const noexcept {
        shared_span s(*this);
        s.span_ = span_.subspan(offset, count);
        return s;
    }

    /// Whether the objects are the same, wherever they lie.
    friend bool operator==(const shared_span& a, const shared_span& b)
        requires std::equality_comparable<T>
    {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }

private:
    friend struct detail::end_access;

    explicit shared_span(detail::payload_part part) noexcept
        : owner_(std::move(part.owner)),
          span_(reinterpret_cast<const T*>(part.bytes.data()), part.bytes.size() / sizeof(T)) {}

    // Whether the bytes can be objects, which from a peer is not sure.
    static bool fits(std::span<const std::byte> bytes) noexcept {
        return bytes.size() % sizeof(T) == 0 &&
               reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) == 0;
    }

    void strait_save(output_archive& ar) const {
        // A value that is given up gives up its memory, although encoding sees it as const.
        detail::save_payload(ar, const_cast<std::shared_ptr<detail::payload>&>(owner_),
            std::as_bytes(span_));
    }
    void strait_load(input_archive& ar) {
        detail::payload_part part = detail::load_payload(ar);
        if (!fits(part.bytes)) throw system_error(error::bad_attachment);
        *this = shared_span(std::move(part));
    }

    std::shared_ptr<detail::payload> owner_;
    std::span<const T> span_;
};

namespace detail {

template <class T>
struct end_traits<shared_span<T>> {
    static constexpr std::string_view kind = "shared span";
    // What a program on the other side must agree on: the objects, or their size if they are of a type
    // that does not travel by itself.
    using value_type =
        std::conditional_t<can_travel<T>, T, std::array<std::byte, sizeof(T)>>;
};

}  // namespace detail
}  // namespace strait

#endif
