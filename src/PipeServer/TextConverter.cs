using System.ComponentModel;
using System.Globalization;

namespace PipeServer;

/// <summary>Converts a text form, so that configuration can bind it.</summary>
/// <param name="read">Reads it.</param>
internal abstract class TextConverter(Func<string, object> read) : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
        sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is string text ? read(text) : base.ConvertFrom(context, culture, value);
}
