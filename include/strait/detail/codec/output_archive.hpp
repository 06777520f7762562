//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_OUTPUT_ARCHIVE_HPP
#define STRAIT_DETAIL_CODEC_OUTPUT_ARCHIVE_HPP

#include <strait/detail/attachments.hpp>
#include <strait/detail/byte_buffer.hpp>
#include <strait/detail/codec/archive_base.hpp>

#include <boost/mpl/bool.hpp>

#include <cstring>
#include <limits>
#include <type_traits>

namespace strait {

class output_archive;

namespace detail {
template <class T>
void save_value(output_archive& ar, const T& value);
}  // namespace detail

/// Writes one message: appends the bytes of a value to a buffer and hands what travels beside them
/// to an attachment writer.
///
/// It satisfies Boost.Serialization's saving archive concept without deriving from Boost's
/// archives, so every `serialize` and `save` function works with it. It tracks no objects: raw,
/// shared and polymorphic pointers do not compile.
///
/// What a receiver with the same limits would refuse, because it nests too deep or expands too far,
/// is refused here already. One archive is used by one thread at a time.
class output_archive : public detail::archive_base {
public:
    using is_saving = boost::mpl::bool_<true>;
    using is_loading = boost::mpl::bool_<false>;

    /// Appends to `out`, which must outlive the archive, as must `attachments`. Without a writer a
    /// value that carries handles or ends fails with `error::bad_attachment`.
    explicit output_archive(
        detail::byte_buffer& out, detail::attachment_writer* attachments = nullptr,
        const limits& bounds = {}) noexcept
        : out_(out),
          attachments_(attachments),
          begin_(out.size()),
          max_expansion_(bounds.max_expansion),
          depth_left_(bounds.max_depth) {}

    /// Writes `value`. Throws `system_error` for what cannot be encoded, and whatever the value's
    /// own functions throw. The types that travel are those for which `encodable` holds.
    template <class T>
    output_archive& operator<<(const T& value) {
        detail::save_value(*this, value);
        return *this;
    }

    /// The same as `<<`.
    template <class T>
    output_archive& operator&(const T& value) {
        return *this << value;
    }

    /// Writes `count` bytes as they are, without their count.
    void save_binary(const void* from, std::size_t count) { out_.append(from, count); }

    // Room for count bytes, which the caller fills.
    std::byte* put(std::size_t count) { return out_.extend(count); }

    // A number, little endian.
    template <class N>
    void put_number(N n) {
        static_assert(std::is_trivially_copyable_v<N>);
        std::byte* to = out_.extend(sizeof n);
        std::memcpy(to, &n, sizeof n);
        if constexpr (!detail::little_endian_host) {
            for (std::size_t i = 0; i < sizeof n / 2; ++i) std::swap(to[i], to[sizeof n - 1 - i]);
        }
    }

    void put_length(std::size_t n) {
        if (n > std::numeric_limits<std::uint32_t>::max()) [[unlikely]]
            detail::throw_message_too_large();
        put_number(static_cast<std::uint32_t>(n));
    }

    detail::attachment_writer& attachments() {
        if (attachments_ == nullptr) [[unlikely]] detail::throw_bad_attachment();
        return *attachments_;
    }

    detail::attachment_writer* attachments_if_any() const noexcept { return attachments_; }

    // What decoding will charge for the same value.
    void charge(std::uint64_t bytes) noexcept { charged_ += bytes; }

    void enter() {
        if (depth_left_ == 0) [[unlikely]] detail::throw_bad_message();
        --depth_left_;
    }

    void leave() noexcept { ++depth_left_; }

    // Ends the message.
    void finish() const {
        const std::uint64_t bytes = out_.size() - begin_;
        if (charged_ > detail::free_budget + bytes * max_expansion_) [[unlikely]]
            detail::throw_bad_message();
    }

private:
    detail::byte_buffer& out_;
    detail::attachment_writer* attachments_;
    std::size_t begin_;
    std::uint64_t charged_ = 0;
    std::uint32_t max_expansion_;
    std::uint32_t depth_left_;
};

}  // namespace strait

#endif
