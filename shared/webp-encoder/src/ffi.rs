//! libwebp's advanced interface (`webp/encode.h`). [`Picture`] and [`Written`], which own libwebp's memory, free it
//! when they are dropped, and so in every case.

#![expect(
    unsafe_code,
    reason = "libwebp is C; what it is given was checked, and each block says why it is sound"
)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;

use libwebp_sys::{
    WEBP_ENCODER_ABI_VERSION, WebPConfig, WebPConfigInitInternal, WebPEncode, WebPEncodingError,
    WebPMemoryWrite, WebPMemoryWriter, WebPMemoryWriterClear, WebPMemoryWriterInit, WebPPicture,
    WebPPictureFree, WebPPictureImportRGB, WebPPictureImportRGBA, WebPPictureInitInternal,
    WebPPreset,
};

use super::{EncodeError, Pixels};

/// How hard libwebp tries to compress, from 0 to 6: the default of `cwebp`.
const METHOD: c_int = 4;

/// Encodes pixels of which the caller knows that there are `columns * rows`, both from 1 to [`super::SIDE`].
pub(super) fn encode(
    pixels: Pixels<'_>,
    columns: usize,
    rows: usize,
    quality: f32,
) -> Result<Vec<u8>, EncodeError> {
    let config = config(quality)?;
    let mut picture = Picture::new()?;
    picture.import(pixels, columns, rows)?;
    let mut written = Written::new();
    picture.encode(&config, &mut written)?;
    Ok(written.bytes().to_vec())
}

fn abi_version() -> Result<c_int, EncodeError> {
    c_int::try_from(WEBP_ENCODER_ABI_VERSION).map_err(|_| EncodeError::Failed(0))
}

fn config(quality: f32) -> Result<WebPConfig, EncodeError> {
    let mut config = MaybeUninit::uninit();
    // SAFETY: the pointer is valid for writing a `WebPConfig`, which is all that the function does with it.
    let is_right = unsafe {
        WebPConfigInitInternal(
            config.as_mut_ptr(),
            WebPPreset::WEBP_PRESET_DEFAULT,
            quality,
            abi_version()?,
        )
    };
    if is_right == 0 {
        return Err(failed(
            WebPEncodingError::VP8_ENC_ERROR_INVALID_CONFIGURATION,
        ));
    }
    // SAFETY: the function says that it filled the structure in.
    let mut config = unsafe { config.assume_init() };
    config.method = METHOD;
    Ok(config)
}

/// A picture whose planes libwebp allocated.
struct Picture(WebPPicture);

impl Picture {
    fn new() -> Result<Self, EncodeError> {
        let mut picture = MaybeUninit::uninit();
        // SAFETY: the pointer is valid for writing a `WebPPicture`, which is all that the function does with it.
        let is_right = unsafe { WebPPictureInitInternal(picture.as_mut_ptr(), abi_version()?) };
        if is_right == 0 {
            return Err(failed(
                WebPEncodingError::VP8_ENC_ERROR_INVALID_CONFIGURATION,
            ));
        }
        // SAFETY: the function says that it filled the structure in. It has no planes yet, so freeing it is sound.
        Ok(Self(unsafe { picture.assume_init() }))
    }

    /// Copies the pixels, as the luminance and colours that lossy WebP consists of.
    fn import(
        &mut self,
        pixels: Pixels<'_>,
        columns: usize,
        rows: usize,
    ) -> Result<(), EncodeError> {
        let number = |number: usize| c_int::try_from(number).map_err(|_| EncodeError::OutOfMemory);
        self.0.width = number(columns)?;
        self.0.height = number(rows)?;
        let stride = number(columns * pixels.bytes_a_pixel())?;
        let is_right = match pixels {
            // SAFETY: the picture is initialised, and the function reads `height` rows of `stride` bytes, of which
            // the caller knows that the slice has them.
            Pixels::Rgb(rgb) => unsafe {
                WebPPictureImportRGB(&raw mut self.0, rgb.as_ptr(), stride)
            },
            // SAFETY: as above, the picture is initialised and the slice has the rows.
            Pixels::Rgba(rgba) => unsafe {
                WebPPictureImportRGBA(&raw mut self.0, rgba.as_ptr(), stride)
            },
        };
        if is_right == 0 {
            return Err(failed(self.0.error_code));
        }
        Ok(())
    }

    fn encode(&mut self, config: &WebPConfig, written: &mut Written) -> Result<(), EncodeError> {
        self.0.writer = Some(WebPMemoryWrite);
        self.0.custom_ptr = (&raw mut written.0).cast();
        // SAFETY: both structures are initialised and the picture has its planes. libwebp calls the writer only
        // within this call; that takes `custom_ptr` for a `WebPMemoryWriter`, which it is, initialised, and mutably
        // borrowed for as long as the call lasts.
        let is_right = unsafe { WebPEncode(config, &raw mut self.0) };
        // The writer ends with this function, so the picture must not point to it any more.
        self.0.writer = None;
        self.0.custom_ptr = ptr::null_mut();
        if is_right == 0 {
            return Err(failed(self.0.error_code));
        }
        Ok(())
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: the picture is initialised; the function frees the planes that libwebp allocated and are there, and
        // forgets them.
        unsafe { WebPPictureFree(&raw mut self.0) };
    }
}

/// What libwebp wrote, in memory of its own.
struct Written(WebPMemoryWriter);

impl Written {
    fn new() -> Self {
        let mut writer = MaybeUninit::uninit();
        // SAFETY: the pointer is valid for writing a `WebPMemoryWriter`, which is all that the function does with it.
        unsafe { WebPMemoryWriterInit(writer.as_mut_ptr()) };
        // SAFETY: the function fills the structure in: no memory, of no size.
        Self(unsafe { writer.assume_init() })
    }

    fn bytes(&self) -> &[u8] {
        if self.0.mem.is_null() {
            return &[];
        }
        // SAFETY: where there is memory, libwebp wrote its first `size` bytes, and nobody changes them or frees them
        // while `self` is borrowed.
        unsafe { slice::from_raw_parts(self.0.mem, self.0.size) }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // SAFETY: the writer is initialised; the function frees its memory if there is any, and forgets it.
        unsafe { WebPMemoryWriterClear(&raw mut self.0) };
    }
}

fn failed(error: WebPEncodingError) -> EncodeError {
    match error {
        WebPEncodingError::VP8_ENC_ERROR_OUT_OF_MEMORY
        | WebPEncodingError::VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY => EncodeError::OutOfMemory,
        other => EncodeError::Failed(other as u32),
    }
}
