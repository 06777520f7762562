//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_INPUT_ARCHIVE_HPP
#define STRAIT_DETAIL_CODEC_INPUT_ARCHIVE_HPP

#include <strait/detail/attachments.hpp>
#include <strait/detail/codec/archive_base.hpp>
#include <strait/detail/copy.hpp>

#include <boost/mpl/bool.hpp>

#include <cstring>
#include <span>
#include <type_traits>

namespace strait {

class input_archive;

namespace detail {
template <class T>
void load_value(input_archive& ar, T& value);
}  // namespace detail

/// Reads one message out of memory, safely whatever the bytes are.
///
/// Every length is read once and checked against the bytes that remain; what is about to be
/// allocated is charged first to a budget of `limits::max_expansion` times the size of the message
/// and 64 KiB; nesting is bounded by `limits::max_depth`. The memory may therefore be shared with a
/// peer that changes it meanwhile. It satisfies Boost.Serialization's loading archive concept; see
/// `output_archive`.
///
/// Reading past the end, and everything else that the bytes get wrong, throws `system_error` with
/// `error::bad_message`. One archive is used by one thread at a time.
class input_archive : public detail::archive_base {
public:
    using is_saving = boost::mpl::bool_<false>;
    using is_loading = boost::mpl::bool_<true>;

    /// Reads `message`, which must outlive the archive, as must `attachments`. Without a reader a
    /// message that refers to attachments fails with `error::bad_attachment`.
    explicit input_archive(
        std::span<const std::byte> message, detail::attachment_reader* attachments = nullptr,
        const limits& bounds = {}) noexcept
        : cursor_(message.data()),
          end_(message.data() + message.size()),
          budget_(detail::budget_of(message.size(), bounds)),
          attachments_(attachments),
          depth_left_(bounds.max_depth) {}

    /// Reads into `value`, which keeps an unspecified but valid state when this throws.
    template <class T>
    input_archive& operator>>(T&& value) {
        // Boost's wrappers (nvp, array_wrapper) are temporaries that refer to what is read.
        using plain = std::remove_const_t<std::remove_reference_t<T>>;
        detail::load_value(*this, const_cast<plain&>(value));
        return *this;
    }

    /// The same as `>>`.
    template <class T>
    input_archive& operator&(T&& value) {
        return *this >> value;
    }

    /// Reads `count` bytes as they are.
    void load_binary(void* to, std::size_t count) {
        detail::copy_memory(to, take(count), count);
    }

    /// How many bytes of the message are left.
    std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - cursor_); }

    /// Does nothing: no addresses are tracked.
    void reset_object_address(const volatile void*, const volatile void*) noexcept {}

    /// Does nothing: no objects were created on the heap.
    void delete_created_pointers() noexcept {}

    /// Whatever the caller of `decode` set for the ends in the value; null by default.
    const void* context() const noexcept { return context_; }
    void set_context(const void* context) noexcept { context_ = context; }

    // The next count bytes, which the caller reads once.
    const std::byte* take(std::size_t count) {
        if (count > remaining()) [[unlikely]] detail::throw_bad_message();
        return std::exchange(cursor_, cursor_ + count);
    }

    template <class N>
    void get_number(N& n) {
        static_assert(std::is_trivially_copyable_v<N>);
        std::byte raw[sizeof(N)];
        std::memcpy(raw, take(sizeof n), sizeof n);
        if constexpr (!detail::little_endian_host) {
            for (std::size_t i = 0; i < sizeof n / 2; ++i) std::swap(raw[i], raw[sizeof n - 1 - i]);
        }
        std::memcpy(&n, raw, sizeof n);
    }

    template <class N>
    N get_number() {
        N n;
        get_number(n);
        return n;
    }

    // A count of elements of which each takes at least min_bytes on the wire.
    std::size_t get_length(std::size_t min_bytes) {
        const std::uint64_t n = get_number<std::uint32_t>();
        if (n * min_bytes > remaining()) [[unlikely]] detail::throw_bad_message();
        return static_cast<std::size_t>(n);
    }

    // Pays for memory that is about to be allocated.
    void charge(std::uint64_t bytes) {
        if (bytes > budget_) [[unlikely]] detail::throw_bad_message();
        budget_ -= bytes;
    }

    void enter() {
        if (depth_left_ == 0) [[unlikely]] detail::throw_bad_message();
        --depth_left_;
    }

    void leave() noexcept { ++depth_left_; }

    detail::attachment_reader& attachments() {
        if (attachments_ == nullptr) [[unlikely]] detail::throw_bad_attachment();
        return *attachments_;
    }

    detail::attachment_reader* attachments_if_any() const noexcept { return attachments_; }

    // Ends the message: nothing may be left.
    void finish() const {
        if (cursor_ != end_) [[unlikely]] detail::throw_bad_message();
    }

private:
    const std::byte* cursor_;
    const std::byte* end_;
    std::uint64_t budget_;
    detail::attachment_reader* attachments_;
    const void* context_ = nullptr;
    std::uint32_t depth_left_;
};

}  // namespace strait

#endif
